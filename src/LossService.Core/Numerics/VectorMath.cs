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

    // e^−746 is less than half the smallest double
    private const double ExpFloor = -746;

    /// <summary>
    /// e^(x + xLow) for x ≤ 0 and |xLow| ≤ ulp(x): <paramref name="xLow"/> is the rounding error of the difference x
    /// (<see cref="Dd.Difference"/>), and is ignored where x is below −746 or −∞.
    /// </summary>
    /// <remarks>
    /// Greatest error in the golden file 0.52 ulp; the tests allow 0.6 ulp, and 1 ulp for results below 1e-290. 1 at 0, gradual
    /// underflow below −708.4, 0 at −∞ and below −745.2, NaN for NaN. The reduction of <see cref="Dd.Exp"/>, with a series for one
    /// rounding: r⁸/8! is 2⁻⁵⁹.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Exp(Vector512<double> x, Vector512<double> xLow)
    {
        var floor = Vector512.Create(ExpFloor);
        var vanishes = Vector512.LessThan(x, floor);
        x = Vector512.ConditionalSelect(vanishes, floor, x);
        xLow = Vector512.AndNot(xLow, vanishes);

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

    /// <summary>ln(1 + x) for x ≥ 0, with full relative accuracy for any small x.</summary>
    /// <remarks>
    /// Greatest error in the golden file 0.5 ulp; the tests allow 0.6 ulp. 0 at 0, ∞ at ∞, NaN for NaN. The reduction of
    /// <see cref="Dd.Log1p"/>, with the Taylor series of ln(1 + f), |f| ≤ 1/44.
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
        var tiny = Vector512.LessThan(x, Vector512.Create(1.0 / 64));
        f = Vector512.ConditionalSelect(tiny, x, f);
        // above 2⁶⁰ the 1 no longer matters (and 2⁻ᵉ may be out of range)
        fLow = Vector512.AndNot(fLow, tiny | Vector512.GreaterThan(x, Vector512.Create(1152921504606846976.0)));

        var series = Vector512.Create(-1.0 / 12);
        series = Vector512.FusedMultiplyAdd(series, f, Vector512.Create(1.0 / 11));
        series = Vector512.FusedMultiplyAdd(series, f, Vector512.Create(-1.0 / 10));
        series = Vector512.FusedMultiplyAdd(series, f, Vector512.Create(1.0 / 9));
        series = Vector512.FusedMultiplyAdd(series, f, Vector512.Create(-1.0 / 8));
        series = Vector512.FusedMultiplyAdd(series, f, Vector512.Create(1.0 / 7));
        series = Vector512.FusedMultiplyAdd(series, f, Vector512.Create(-1.0 / 6));
        series = Vector512.FusedMultiplyAdd(series, f, Vector512.Create(1.0 / 5));
        series = Vector512.FusedMultiplyAdd(series, f, Vector512.Create(-1.0 / 4));
        series = Vector512.FusedMultiplyAdd(series, f, Vector512.Create(1.0 / 3));
        series = Vector512.FusedMultiplyAdd(series, f, Vector512.Create(-0.5));

        var high = Vector512.FusedMultiplyAdd(
            e, Vector512.Create(LogarithmTable.Ln2High), LaneTable.Read32(LogarithmTable.High, slot));
        var low = Vector512.FusedMultiplyAdd(
            e, Vector512.Create(LogarithmTable.Ln2Middle), LaneTable.Read32(LogarithmTable.Middle, slot));
        var leading = high + f;
        // fLow times the derivative of ln(1 + f), and the rounding error of the leading sum
        low += Vector512.FusedMultiplyAdd(-f, fLow, fLow) + (f - (leading - high));
        var result = leading + Vector512.FusedMultiplyAdd(series, f * f, low);
        return Vector512.ConditionalSelect(Vector512.Equals(x, Vector512.Create(double.PositiveInfinity)), x, result);
    }
}
