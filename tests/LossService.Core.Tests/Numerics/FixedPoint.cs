using System.Numerics;

namespace LossService.Core.Tests.Numerics;

/// <summary>Finite doubles as whole multiples of 2⁻¹⁰⁷⁴, so that tests can compare sums of them without rounding.</summary>
internal static class FixedPoint
{
    private const int Scale = 1074;

    public static BigInteger Of(params ReadOnlySpan<double> parts)
    {
        var sum = BigInteger.Zero;
        foreach (var part in parts)
        {
            var bits = BitConverter.DoubleToInt64Bits(part);
            var exponent = (int)(bits >> 52) & 0x7FF;
            var significand = bits & ((1L << 52) - 1);
            if (exponent != 0) significand |= 1L << 52;
            var magnitude = (BigInteger)significand << Math.Max(exponent - 1, 0);
            sum += bits < 0 ? -magnitude : magnitude;
        }
        return sum;
    }

    /// <summary>|computed − truth| / |truth|, less an absolute error of 2⁻¹⁰⁷³ that gradual underflow may bring.</summary>
    public static double RelativeError(BigInteger computed, BigInteger truth)
    {
        var error = BigInteger.Max(BigInteger.Abs(computed - truth) - 2, 0);
        return error.IsZero ? 0 : Math.ScaleB((double)((error << 300) / BigInteger.Abs(truth)), -300);
    }

    /// <summary>|computed − truth| in units of the last place of the double nearest to the truth.</summary>
    public static double ErrorInUlps(double computed, BigInteger truth)
    {
        var ulp = BigInteger.One << Math.Max((int)(BigInteger.Abs(truth).GetBitLength() - 53), 0);
        return (double)((BigInteger.Abs(Of(computed) - truth) << 60) / ulp) / (1L << 60);
    }

    /// <summary>The nearest double, ties to even, by dividing and comparing whole numbers.</summary>
    public static double Rounded(BigInteger value, int scale = Scale)
    {
        var magnitude = BigInteger.Abs(value);
        var drop = Math.Max(magnitude.GetBitLength() - 53, scale - Scale);
        if (drop > 0)
        {
            var unit = BigInteger.One << (int)drop;
            var (quotient, remainder) = BigInteger.DivRem(magnitude, unit);
            var twice = (remainder << 1).CompareTo(unit);
            magnitude = quotient + (twice > 0 || (twice == 0 && !quotient.IsEven) ? 1 : 0);
        }
        var result = Math.ScaleB((double)magnitude, (int)Math.Max(drop, 0) - scale);
        return value.Sign < 0 ? -result : result;
    }
}
