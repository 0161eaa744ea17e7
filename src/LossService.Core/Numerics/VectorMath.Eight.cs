using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Core.Numerics;

/// <content>
/// The same functions of eight doubles, on processors with AVX-512: by the same operations, so that the bits are the same. They are
/// written twice because a generic vector would make a call of each operation, and the compiler inlines only some hundred into a method.
/// </content>
internal static partial class VectorMath
{
    /// <inheritdoc cref="Exp(Vector256{double}, Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Exp(Vector512<double> x, Vector512<double> xLow)
    {
        var floor = Vector512.Create(ExpFloor);
        var ceiling = Vector512.Create(ExpCeiling);
        var (vanishes, overflows) = (Vector512.LessThan(x, floor), Vector512.GreaterThan(x, ceiling));
        x = Lanes.Select(vanishes, floor, Lanes.Select(overflows, ceiling, x));
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

    /// <inheritdoc cref="Log1p(Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Log1p(Vector512<double> x)
    {
        var one = Vector512.Create(1.0);
        var sum = x + one;
        // the rounding error of the sum (the smaller addend minus its part in the sum)
        var sumError = Lanes.Select(Vector512.LessThan(x, one), x - (sum - one), one - (sum - x));
        var z = LogarithmTable.Reduce(sum, out var e);
        var zLow = sumError * PowerOfTwo.FromNegatedExponent(e);
        var slot = (z + Vector512.Create(LogarithmTable.Rounder)).AsInt64();

        var c = LaneTable.Read32(LogarithmTable.Reciprocals, slot);
        var p = z * c;
        var f = p - one;
        var fLow = Vector512.FusedMultiplyAdd(zLow, c, Vector512.FusedMultiplyAdd(z, c, -p));
        var tiny = Vector512.LessThan(Vector512.Abs(x), Vector512.Create(1.0 / 64));
        f = Lanes.Select(tiny, x, f);
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

    /// <inheritdoc cref="ExpOfNegative(Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> ExpOfNegative(Vector512<double> x)
    {
        // the second operand where it is NaN
        var floored = Avx512F.Max(Vector512.Create(ExpFloor), x);
        var rounder = Vector512.Create(PowerOfTwo.Rounder);
        var rounded = Vector512.FusedMultiplyAdd(floored, Vector512.Create(PowerOfTwo.SixteenthsPerNat), rounder);
        var n = rounded - rounder;
        var r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-PowerOfTwo.SixteenthHigh), floored);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-PowerOfTwo.SixteenthMiddle), r);
        var q = Vector512.FusedMultiplyAdd(Vector512.Create(ExponentialSeries.Seventh), r, Vector512.Create(ExponentialSeries.Sixth));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(ExponentialSeries.Fifth));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(ExponentialSeries.Fourth));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(ExponentialSeries.Third));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(ExponentialSeries.Second));
        var series = Vector512.FusedMultiplyAdd(q, r * r, r);
        var power = LaneTable.Read16(PowerOfTwo.Sixteenths, rounded.AsInt64());
        power = Vector512.FusedMultiplyAdd(power, series, power);
        return PowerOfTwo.Scale(power, n * Vector512.Create(1.0 / 16));
    }

    /// <inheritdoc cref="Log(Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Log(Vector512<double> x)
    {
        // a subnormal has no exponent: scale it by 2⁵⁴
        var isSmall = Vector512.LessThan(x, Vector512.Create(2.2250738585072014e-308));
        var scaled = Lanes.Select(isSmall, x * Vector512.Create(18014398509481984.0), x);
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

    /// <inheritdoc cref="Pow(Vector256{double}, double)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Pow(Vector512<double> x, double y)
    {
        if (y == 1) return x;
        if (y == 2) return x * x;
        if (y == 0) return Lanes.Select(Vector512.IsNaN(x), x, Vector512<double>.One);
        return y is > 0 and <= MaxWholeExponent && y == (int)y ? WholePower(x, (int)y) : GeneralPower(x, y);
    }

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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> WithLimits(Vector512<double> x, Vector512<double> logarithm)
    {
        var isPositive = Vector512.GreaterThan(x, Vector512<double>.Zero);
        var isOrdinary = isPositive & Vector512.LessThan(x, Vector512.Create(double.PositiveInfinity));
        var otherwise = Lanes.Select(
            Vector512.Equals(x, Vector512<double>.Zero), Vector512.Create(double.NegativeInfinity), Vector512.Create(double.NaN));
        return Lanes.Select(isOrdinary, logarithm, Lanes.Select(isPositive, x, otherwise));
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static Vector512<double> GeneralPower(Vector512<double> x, double y) => Vector512.Create(
        GeneralPower(x.GetLower(), Vector256.Create(y)), GeneralPower(x.GetUpper(), Vector256.Create(y)));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
