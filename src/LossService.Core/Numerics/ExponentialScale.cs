using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>The constants of a softmax's exponentials at one temperature, computed once for a batch.</summary>
internal readonly struct ExponentialScale
{
    // the bits of a double that an integer up to 2¹⁵ times it keeps exact
    private const long ShortBits = -1L << 15;

    /// <summary>The constants for a temperature.</summary>
    public ExponentialScale(double temperature)
    {
        Temperature = temperature;
        SixteenthsPerUnit = PowerOfTwo.SixteenthsPerNat / temperature;
        var sixteenth = Dd.Ln2 * Vector256.Create(temperature / 16);
        SixteenthHigh = Shorten(sixteenth.ToScalar());
        SixteenthMiddle = Shorten((sixteenth - Vector256.Create(SixteenthHigh)).ToScalar());
    }

    /// <summary>T.</summary>
    public double Temperature { get; }

    /// <summary>16/(T·ln 2).</summary>
    public double SixteenthsPerUnit { get; }

    /// <summary>T·ln 2/16 in two parts of 38 bits.</summary>
    public double SixteenthHigh { get; }

    /// <inheritdoc cref="SixteenthHigh"/>
    public double SixteenthMiddle { get; }

    private static double Shorten(double x) => BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(x) & ShortBits);
}
