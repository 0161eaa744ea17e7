namespace LossService.Core.Numerics;

/// <summary>An exact sum, rounded once, that can be divided where it is beyond the range of a double.</summary>
internal readonly struct RoundedSum
{
    // 2^128 is more than any number of samples
    private const int Exponent = 128;

    private readonly double _scaled;

    /// <summary>Rounds a sum.</summary>
    public RoundedSum(ExactSum sum)
    {
        Value = sum.Round();
        if (double.IsInfinity(Value)) _scaled = sum.Round(-Exponent);
    }

    /// <summary>The sum; infinite where it is beyond the range.</summary>
    public double Value { get; }

    /// <summary>The sum divided by a number.</summary>
    public double Divide(double divisor) =>
        double.IsInfinity(Value) ? Math.ScaleB(_scaled / divisor, Exponent) : Value / divisor;
}
