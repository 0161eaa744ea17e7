namespace LossService.Client;

/// <summary>What becomes of the probability that sparse labels leave to the classes they do not name.</summary>
public enum LossRemainder
{
    /// <summary>There is none: a row that does not sum to 1 is refused.</summary>
    Error,

    /// <summary>Each row is divided by its sum.</summary>
    Normalize,

    /// <summary>The other classes get equal shares of it.</summary>
    Uniform,
}
