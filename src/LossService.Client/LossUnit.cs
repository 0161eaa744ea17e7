namespace LossService.Client;

/// <summary>The unit of losses that are an amount of information.</summary>
public enum LossUnit
{
    /// <summary>Natural logarithms.</summary>
    Nats,

    /// <summary>Logarithms to the base 2.</summary>
    Bits,
}
