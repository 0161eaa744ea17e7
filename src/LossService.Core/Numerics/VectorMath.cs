using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>
/// Elementary functions of four doubles, for kernels and formulas where <see cref="Dd"/> would cost too much. The bits are the same on
/// every machine.
/// </summary>
internal static partial class VectorMath
{
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
    /// underflow below −708.4, 0 at −∞ and below −745.2, ∞ above 709.7827, NaN for NaN. The reduction of <see cref="Dd.Exp(Dd)"/>, with a
    /// series for one rounding: r⁸/8! is 2⁻⁵⁹.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Exp(Vector256<double> x, Vector256<double> xLow)
    {
        var floor = Vector256.Create(ExpFloor);
        var ceiling = Vector256.Create(ExpCeiling);
        var (vanishes, overflows) = (Vector256.LessThan(x, floor), Vector256.GreaterThan(x, ceiling));
        x = Lanes.Select(vanishes, floor, Lanes.Select(overflows, ceiling, x));
        xLow = Vector256.AndNot(xLow, vanishes | overflows);

        var rounder = Vector256.Create(PowerOfTwo.Rounder);
        var rounded = Vector256.FusedMultiplyAdd(x, Vector256.Create(PowerOfTwo.SixteenthsPerNat), rounder);
        var n = rounded - rounder;
        var power = LaneTable.Read16(PowerOfTwo.Sixteenths, rounded.AsInt64());
        var powerLow = LaneTable.Read16(PowerOfTwo.SixteenthErrors, rounded.AsInt64());
        var r = Vector256.FusedMultiplyAdd(-n, Vector256.Create(PowerOfTwo.SixteenthHigh), x);
        r = Vector256.FusedMultiplyAdd(-n, Vector256.Create(PowerOfTwo.SixteenthMiddle), r) + xLow;

        var series = Vector256.Create(1 / 5040.0);
        series = Vector256.FusedMultiplyAdd(series, r, Vector256.Create(1 / 720.0));
        series = Vector256.FusedMultiplyAdd(series, r, Vector256.Create(1 / 120.0));
        series = Vector256.FusedMultiplyAdd(series, r, Vector256.Create(1 / 24.0));
        series = Vector256.FusedMultiplyAdd(series, r, Vector256.Create(1 / 6.0));
        series = Vector256.FusedMultiplyAdd(series, r, Vector256.Create(0.5));
        series = Vector256.FusedMultiplyAdd(series, r * r, r);
        var result = power + Vector256.FusedMultiplyAdd(power, series, powerLow);
        return PowerOfTwo.Scale(result, n * Vector256.Create(1.0 / 16));
    }

    /// <summary>ln(1 + x) for x ≥ −1, with full relative accuracy for any small x.</summary>
    /// <remarks>
    /// Greatest error in the golden file 0.5 ulp; the tests allow 0.6 ulp. 0 at 0, −∞ at −1, ∞ at ∞, NaN for x &lt; −1 and NaN. The
    /// reduction of <see cref="Dd.Log1p"/>, with the Taylor series of ln(1 + f), |f| ≤ 1/44.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Log1p(Vector256<double> x)
    {
        var one = Vector256.Create(1.0);
        var sum = x + one;
        // the rounding error of the sum (the smaller addend minus its part in the sum)
        var sumError = Lanes.Select(Vector256.LessThan(x, one), x - (sum - one), one - (sum - x));
        var z = LogarithmTable.Reduce(sum, out var e);
        var zLow = sumError * PowerOfTwo.FromNegatedExponent(e);
        var slot = (z + Vector256.Create(LogarithmTable.Rounder)).AsInt64();

        var c = LaneTable.Read32(LogarithmTable.Reciprocals, slot);
        var p = z * c;
        var f = p - one;
        var fLow = Vector256.FusedMultiplyAdd(zLow, c, Vector256.FusedMultiplyAdd(z, c, -p));
        var tiny = Vector256.LessThan(Vector256.Abs(x), Vector256.Create(1.0 / 64));
        f = Lanes.Select(tiny, x, f);
        // above 2⁶⁰ the 1 no longer matters (and 2⁻ᵉ may be out of range)
        fLow = Vector256.AndNot(fLow, tiny | Vector256.GreaterThan(x, Vector256.Create(1152921504606846976.0)));

        var series = Log1pSeries(f);
        var high = Vector256.FusedMultiplyAdd(
            e, Vector256.Create(LogarithmTable.Ln2High), LaneTable.Read32(LogarithmTable.High, slot));
        var low = Vector256.FusedMultiplyAdd(
            e, Vector256.Create(LogarithmTable.Ln2Middle), LaneTable.Read32(LogarithmTable.Middle, slot));
        var leading = high + f;
        // fLow times the derivative of ln(1 + f), and the rounding error of the leading sum
        low += Vector256.FusedMultiplyAdd(-f, fLow, fLow) + (f - (leading - high));
        var result = leading + Vector256.FusedMultiplyAdd(series, f * f, low);
        return WithLimits(sum, result);
    }

    /// <summary>eˣ for x ≤ 0: the bits of <see cref="ShiftedExponential"/> with shift 0, and its bounds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> ExpOfNegative(Vector256<double> x)
    {
        var floored = Lanes.Select(Vector256.LessThan(x, Vector256.Create(ExpFloor)), Vector256.Create(ExpFloor), x);
        var rounder = Vector256.Create(PowerOfTwo.Rounder);
        var rounded = Vector256.FusedMultiplyAdd(floored, Vector256.Create(PowerOfTwo.SixteenthsPerNat), rounder);
        var n = rounded - rounder;
        var r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-PowerOfTwo.SixteenthHigh), floored);
        r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-PowerOfTwo.SixteenthMiddle), r);
        var q = Vector256.FusedMultiplyAdd(Vector256.Create(ExponentialSeries.Seventh), r, Vector256.Create(ExponentialSeries.Sixth));
        q = Vector256.FusedMultiplyAdd(q, r, Vector256.Create(ExponentialSeries.Fifth));
        q = Vector256.FusedMultiplyAdd(q, r, Vector256.Create(ExponentialSeries.Fourth));
        q = Vector256.FusedMultiplyAdd(q, r, Vector256.Create(ExponentialSeries.Third));
        q = Vector256.FusedMultiplyAdd(q, r, Vector256.Create(ExponentialSeries.Second));
        var series = Vector256.FusedMultiplyAdd(q, r * r, r);
        var power = LaneTable.Read16(PowerOfTwo.Sixteenths, rounded.AsInt64());
        power = Vector256.FusedMultiplyAdd(power, series, power);
        if (Vector256.LessThanAny(floored, Vector256.Create(-ShiftedExponential.NormalSpan)))
            return PowerOfTwo.Scale(power, n * Vector256.Create(1.0 / 16));
        // adds the whole power of two to the exponent, at bit 52, after clearing the sixteenths
        return (power.AsInt64() + ((rounded.AsInt64() & Vector256.Create(-16L)) << 48)).AsDouble();
    }

    /// <summary>ln x for x ≥ 0, with full relative accuracy around x = 1.</summary>
    /// <remarks>
    /// Within 1 ulp (the bound of the tests). −∞ at ±0, ∞ at ∞, NaN for x &lt; 0 and NaN. The reduction of <see cref="Dd.Log"/> with
    /// f rounded once: it is exact around x = 1, where the result is f, and elsewhere the result is at least half of f.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Log(Vector256<double> x)
    {
        // a subnormal has no exponent: scale it by 2⁵⁴
        var isSmall = Vector256.LessThan(x, Vector256.Create(2.2250738585072014e-308));
        var scaled = Lanes.Select(isSmall, x * Vector256.Create(18014398509481984.0), x);
        var z = LogarithmTable.Reduce(scaled, out var e);
        e -= isSmall & Vector256.Create(54.0);
        var slot = (z + Vector256.Create(LogarithmTable.Rounder)).AsInt64();
        var f = Vector256.FusedMultiplyAdd(z, LaneTable.Read32(LogarithmTable.Reciprocals, slot), Vector256.Create(-1.0));

        var high = Vector256.FusedMultiplyAdd(
            e, Vector256.Create(LogarithmTable.Ln2High), LaneTable.Read32(LogarithmTable.High, slot));
        var low = Vector256.FusedMultiplyAdd(
            e, Vector256.Create(LogarithmTable.Ln2Middle), LaneTable.Read32(LogarithmTable.Middle, slot));
        var leading = high + f;
        // the rounding error of the leading sum
        low += f - (leading - high);
        return WithLimits(x, leading + Vector256.FusedMultiplyAdd(Log1pSeries(f), f * f, low));
    }

    /// <summary>xʸ for x ≥ 0 and a finite y.</summary>
    /// <remarks>
    /// Within 13 ulp (the bound of the tests), for normal results. By squaring for the whole y up to 16, which also takes x &lt; 0; else
    /// e^(y·ln x), with ln x in two parts. x⁰ = 1, even for x = 0 or ∞; 0ʸ = 0 and ∞ʸ = ∞ for y &gt; 0, the reverse for y &lt; 0; NaN
    /// for NaN, even to the power 0.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Pow(Vector256<double> x, double y)
    {
        if (y == 1) return x;
        if (y == 2) return x * x;
        if (y == 0) return Lanes.Select(Vector256.IsNaN(x), x, Vector256<double>.One);
        return y is > 0 and <= MaxWholeExponent && y == (int)y ? WholePower(x, (int)y) : GeneralPower(x, Vector256.Create(y));
    }

    /// <summary>(ln(1 + f) − f)/f² for |f| ≤ 1/44.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Log1pSeries(Vector256<double> f)
    {
        // by powers of f², so that the terms do not depend on each other; f¹¹/12 is 2⁻⁶³
        var f2 = f * f;
        var q = Vector256.FusedMultiplyAdd(f, Vector256.Create(1.0 / 11), Vector256.Create(-1.0 / 10));
        q = Vector256.FusedMultiplyAdd(f2, Vector256.Create(-1.0 / 12), q);
        q = Vector256.FusedMultiplyAdd(f2, q, Vector256.FusedMultiplyAdd(f, Vector256.Create(1.0 / 9), Vector256.Create(-1.0 / 8)));
        q = Vector256.FusedMultiplyAdd(f2, q, Vector256.FusedMultiplyAdd(f, Vector256.Create(1.0 / 7), Vector256.Create(-1.0 / 6)));
        q = Vector256.FusedMultiplyAdd(f2, q, Vector256.FusedMultiplyAdd(f, Vector256.Create(1.0 / 5), Vector256.Create(-1.0 / 4)));
        return Vector256.FusedMultiplyAdd(f2, q, Vector256.FusedMultiplyAdd(f, Vector256.Create(1.0 / 3), Vector256.Create(-0.5)));
    }

    /// <summary>A logarithm of x, with its limits where x is not a finite positive number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> WithLimits(Vector256<double> x, Vector256<double> logarithm)
    {
        var isPositive = Vector256.GreaterThan(x, Vector256<double>.Zero);
        var isOrdinary = isPositive & Vector256.LessThan(x, Vector256.Create(double.PositiveInfinity));
        var otherwise = Lanes.Select(
            Vector256.Equals(x, Vector256<double>.Zero), Vector256.Create(double.NegativeInfinity), Vector256.Create(double.NaN));
        return Lanes.Select(isOrdinary, logarithm, Lanes.Select(isPositive, x, otherwise));
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static Vector256<double> GeneralPower(Vector256<double> x, Vector256<double> y)
    {
        var log = Dd.Log(new Dd(x)) * y;
        return Exp(log.Hi, log.Lo);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector256<double> WholePower(Vector256<double> x, int exponent)
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
