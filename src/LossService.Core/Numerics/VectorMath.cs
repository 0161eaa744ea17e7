using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>
/// Elementary functions of eight doubles, for kernels where <see cref="Dd"/> would cost too much. The bits are the same on every
/// machine.
/// </summary>
internal static class VectorMath
{
    /// <summary>The doubles of a vector, on every machine.</summary>
    public const int Width = 8;

    // e^−746 is less than half the smallest double, e^710 more than the largest
    private const double ExpFloor = -746, ExpCeiling = 710;

    // up to here repeated multiplication is faster
    private const double MaxWholeExponent = 16;

    /// <summary>
    /// e^(x + xLow) for every x and |xLow| ≤ ulp(x): <paramref name="xLow"/> is the rounding error of the difference x
    /// (<see cref="Dd.Difference"/>), and is ignored where x is below −746, above 710 or infinite.
    /// </summary>
    /// <remarks>
    /// Greatest error in the golden file 0.52 ulp; the tests allow 0.6 ulp, and 1 ulp for results below 1e-290. 1 at 0, gradual
    /// underflow below −708.4, 0 at −∞ and below −745.2, ∞ above 709.7827, NaN for NaN. The reduction of <see cref="Dd.Exp"/>, with a
    /// series for one rounding: r⁸/8! is 2⁻⁵⁹.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Exp(Vector512<double> x, Vector512<double> xLow)
    {
        var floor = Vector512.Create(ExpFloor);
        var ceiling = Vector512.Create(ExpCeiling);
        var (vanishes, overflows) = (Vector512.LessThan(x, floor), Vector512.GreaterThan(x, ceiling));
        x = Vector512.ConditionalSelect(vanishes, floor, Vector512.ConditionalSelect(overflows, ceiling, x));
        xLow = Vector512.AndNot(xLow, vanishes | overflows);

        var rounder = Vector512.Create(PowerOfTwo.Rounder);
        var rounded = Vector512.FusedMultiplyAdd(x, Vector512.Create(PowerOfTwo.SixteenthsPerNat), rounder);
        var n = rounded - rounder;
        var power = LaneTable.Read16(PowerOfTwo.Sixteenths, rounded.AsInt64());
        var powerLow = LaneTable.Read16(PowerOfTwo.SixteenthErrors, rounded.AsInt64());
        var r = Vector512.FusedMultiplyAdd(-n, Vector512.Create(PowerOfTwo.SixteenthHigh), x);
        r = Vector512.FusedMultiplyAdd(-n, Vector512.Create(PowerOfTwo.SixteenthMiddle), r) + xLow;

        var series = Vector512.Create(1 / 5040.0);
        series = Vector512.FusedMultiplyAdd(series, r, Vector512.Create(1 / 720.0));
        series = Vector512.FusedMultiplyAdd(series, r, Vector512.Create(1 / 120.0));
        series = Vector512.FusedMultiplyAdd(series, r, Vector512.Create(1 / 24.0));
        series = Vector512.FusedMultiplyAdd(series, r, Vector512.Create(1 / 6.0));
        series = Vector512.FusedMultiplyAdd(series, r, Vector512.Create(0.5));
        series = Vector512.FusedMultiplyAdd(series, r * r, r);
        var result = power + Vector512.FusedMultiplyAdd(power, series, powerLow);
        return PowerOfTwo.Scale(result, n * Vector512.Create(1.0 / 16));
    }

    /// <summary>ln(1 + x) for x ≥ −1, with full relative accuracy for any small x.</summary>
    /// <remarks>
    /// Greatest error in the golden file 0.5 ulp; the tests allow 0.6 ulp. 0 at 0, −∞ at −1, ∞ at ∞, NaN for x &lt; −1 and NaN. The
    /// reduction of <see cref="Dd.Log1p"/>, with the Taylor series of ln(1 + f), |f| ≤ 1/44.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Log1p(Vector512<double> x)
    {
        var one = Vector512.Create(1.0);
        var sum = x + one;
        // the rounding error of the sum (the smaller addend minus its part in the sum)
        var sumError = Vector512.ConditionalSelect(Vector512.LessThan(x, one), x - (sum - one), one - (sum - x));
        var z = LogarithmTable.Reduce(sum, out var e);
        var zLow = sumError * PowerOfTwo.FromNegatedExponent(e);
        var slot = (z + Vector512.Create(LogarithmTable.Rounder)).AsInt64();

        var c = LaneTable.Read32(LogarithmTable.Reciprocals, slot);
        var p = z * c;
        var f = p - one;
        var fLow = Vector512.FusedMultiplyAdd(zLow, c, Vector512.FusedMultiplyAdd(z, c, -p));
        var tiny = Vector512.LessThan(Vector512.Abs(x), Vector512.Create(1.0 / 64));
        f = Vector512.ConditionalSelect(tiny, x, f);
        // above 2⁶⁰ the 1 no longer matters (and 2⁻ᵉ may be out of range)
        fLow = Vector512.AndNot(fLow, tiny | Vector512.GreaterThan(x, Vector512.Create(1152921504606846976.0)));

        var series = Log1pSeries(f);
        var high = Vector512.FusedMultiplyAdd(
            e, Vector512.Create(LogarithmTable.Ln2High), LaneTable.Read32(LogarithmTable.High, slot));
        var low = Vector512.FusedMultiplyAdd(
            e, Vector512.Create(LogarithmTable.Ln2Middle), LaneTable.Read32(LogarithmTable.Middle, slot));
        var leading = high + f;
        // fLow times the derivative of ln(1 + f), and the rounding error of the leading sum
        low += Vector512.FusedMultiplyAdd(-f, fLow, fLow) + (f - (leading - high));
        var result = leading + Vector512.FusedMultiplyAdd(series, f * f, low);
        return WithLimits(sum, result);
    }

    /// <summary>ln x for x ≥ 0, with full relative accuracy around x = 1.</summary>
    /// <remarks>
    /// Within 1 ulp (the bound of the tests). −∞ at ±0, ∞ at ∞, NaN for x &lt; 0 and NaN. The reduction of <see cref="Dd.Log"/> with
    /// f rounded once: it is exact around x = 1, where the result is f, and elsewhere the result is at least half of f.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Log(Vector512<double> x)
    {
        // a subnormal has no exponent: scale it by 2⁵⁴
        var isSmall = Vector512.LessThan(x, Vector512.Create(2.2250738585072014e-308));
        var scaled = Vector512.ConditionalSelect(isSmall, x * Vector512.Create(18014398509481984.0), x);
        var z = LogarithmTable.Reduce(scaled, out var e);
        e -= isSmall & Vector512.Create(54.0);
        var slot = (z + Vector512.Create(LogarithmTable.Rounder)).AsInt64();
        var f = Vector512.FusedMultiplyAdd(z, LaneTable.Read32(LogarithmTable.Reciprocals, slot), Vector512.Create(-1.0));

        var high = Vector512.FusedMultiplyAdd(
            e, Vector512.Create(LogarithmTable.Ln2High), LaneTable.Read32(LogarithmTable.High, slot));
        var low = Vector512.FusedMultiplyAdd(
            e, Vector512.Create(LogarithmTable.Ln2Middle), LaneTable.Read32(LogarithmTable.Middle, slot));
        var leading = high + f;
        // the rounding error of the leading sum
        low += f - (leading - high);
        return WithLimits(x, leading + Vector512.FusedMultiplyAdd(Log1pSeries(f), f * f, low));
    }

    /// <summary>xʸ for x ≥ 0 and a finite y.</summary>
    /// <remarks>
    /// Within 13 ulp (the bound of the tests), for normal results. By squaring for the whole y up to 16, which also takes x &lt; 0; else
    /// e^(y·ln x), with ln x in two parts. x⁰ = 1, even for x = 0 or ∞; 0ʸ = 0 and ∞ʸ = ∞ for y &gt; 0, the reverse for y &lt; 0; NaN
    /// for NaN, even to the power 0.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Pow(Vector512<double> x, double y)
    {
        if (y == 1) return x;
        if (y == 2) return x * x;
        if (y == 0) return Vector512.ConditionalSelect(Vector512.IsNaN(x), x, Vector512<double>.One);
        return y is > 0 and <= MaxWholeExponent && y == (int)y ? WholePower(x, (int)y) : GeneralPower(x, Vector512.Create(y));
    }

    /// <summary>(ln(1 + f) − f)/f² for |f| ≤ 1/44.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Log1pSeries(Vector512<double> f)
    {
        // by powers of f², so that the terms do not depend on each other; f¹¹/12 is 2⁻⁶³
        var f2 = f * f;
        var q = Vector512.FusedMultiplyAdd(f, Vector512.Create(1.0 / 11), Vector512.Create(-1.0 / 10));
        q = Vector512.FusedMultiplyAdd(f2, Vector512.Create(-1.0 / 12), q);
        q = Vector512.FusedMultiplyAdd(f2, q, Vector512.FusedMultiplyAdd(f, Vector512.Create(1.0 / 9), Vector512.Create(-1.0 / 8)));
        q = Vector512.FusedMultiplyAdd(f2, q, Vector512.FusedMultiplyAdd(f, Vector512.Create(1.0 / 7), Vector512.Create(-1.0 / 6)));
        q = Vector512.FusedMultiplyAdd(f2, q, Vector512.FusedMultiplyAdd(f, Vector512.Create(1.0 / 5), Vector512.Create(-1.0 / 4)));
        return Vector512.FusedMultiplyAdd(f2, q, Vector512.FusedMultiplyAdd(f, Vector512.Create(1.0 / 3), Vector512.Create(-0.5)));
    }

    /// <summary>A logarithm of x, with its limits where x is not a finite positive number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> WithLimits(Vector512<double> x, Vector512<double> logarithm)
    {
        var isPositive = Vector512.GreaterThan(x, Vector512<double>.Zero);
        var isOrdinary = isPositive & Vector512.LessThan(x, Vector512.Create(double.PositiveInfinity));
        var otherwise = Vector512.ConditionalSelect(
            Vector512.Equals(x, Vector512<double>.Zero), Vector512.Create(double.NegativeInfinity), Vector512.Create(double.NaN));
        return Vector512.ConditionalSelect(isOrdinary, logarithm, Vector512.ConditionalSelect(isPositive, x, otherwise));
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static Vector512<double> GeneralPower(Vector512<double> x, Vector512<double> y)
    {
        var log = Dd.Log(new Dd(x)) * y;
        return Exp(log.Hi, log.Lo);
    }

    private static Vector512<double> WholePower(Vector512<double> x, int exponent)
    {
        // from the top bit down, so that no intermediate power is larger than the result
        var power = x;
        for (var bit = 1 << int.Log2(exponent) >> 1; bit != 0; bit >>= 1)
        {
            power *= power;
            if ((exponent & bit) != 0) power *= x;
        }
        return power;
    }
}
