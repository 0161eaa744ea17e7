namespace LossService.Core.Options;

/// <summary>The unit of a loss that is an amount of information.</summary>
public enum Unit
{
    /// <summary>Natural logarithms.</summary>
    Nats,

    /// <summary>Binary logarithms: nats / ln 2.</summary>
    Bits,
}
