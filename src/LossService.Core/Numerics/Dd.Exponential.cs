using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <content>
/// The exponential: eˣ = 2^(n/16) · eʳ with n = ⌊16x/ln 2⌉ and |r| ≤ ln 2 / 32, the first factor from a table and eʳ from its Taylor
/// series, whose first terms are double-doubles and whose last are small enough for doubles. After Tang, "Table-driven
/// implementation of the exponential function in IEEE floating-point arithmetic", ACM TOMS 15(2), 1989.
/// </content>
internal readonly partial struct Dd
{
    // ln(2¹⁰²⁴) = 709.7827…: above the upper bound the result is ∞, below the lower less than half the smallest double
    private const double ExpUpper = 709.79, ExpLower = -745.2;

    /// <summary>eˣ for every x.</summary>
    /// <remarks>
    /// Greatest relative error in the golden file 2⁻¹⁰⁵·⁴, so a rounded normal result is within 0.5 ulp + 2⁻⁵² ulp. 0 at −∞ and below
    /// −745.13, gradual underflow below −708.4, ∞ above 709.7827, NaN for NaN.
    /// </remarks>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static Dd Exp(Dd x)
    {
        var q = ExpTail(x, out var n, out var power);
        // added to the table's entry rather than multiplied as 1 + q: for a tiny x, the low part keeps x
        var loose = LooseSum(power, LooseProduct(power, q));
        var result = FastTwoSum(loose.Hi, loose.Lo);
        var e = n * Vector256.Create(1.0 / 16);
        var hi = PowerOfTwo.Scale(result.Hi, e);
        var lo = PowerOfTwo.Scale(result.Lo, e);

        var overflows = Vector256.GreaterThan(x.Hi, Vector256.Create(ExpUpper));
        var vanishes = Vector256.LessThan(x.Hi, Vector256.Create(ExpLower));
        hi = Lanes.Select(overflows, Vector256.Create(double.PositiveInfinity), hi);
        hi = Vector256.AndNot(hi, vanishes);
        return new(hi, Vector256.AndNot(lo, vanishes) & Finite(hi));
    }

    /// <summary>eˣ − 1 for every x, with full relative accuracy where x is small.</summary>
    /// <remarks>
    /// Greatest relative error in the golden file 2⁻¹⁰²·², so the rounded double is within 0.5 ulp + 2⁻⁴⁹ ulp. −1 at −∞, ∞ above
    /// 709.7827, NaN for NaN.
    /// </remarks>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static Dd Expm1(Dd x)
    {
        var q = ExpTail(x, out var n, out var power);
        // near the upper end 2^(n/16) alone would overflow, so there everything is scaled by a quarter
        var large = Vector256.GreaterThan(x.Hi, Vector256.Create(600.0));
        var unit = Lanes.Select(large, Vector256.Create(0.25), Vector256.Create(1.0));
        var e = n * Vector256.Create(1.0 / 16) - (large & Vector256.Create(2.0));
        var scaled = new Dd(PowerOfTwo.Scale(power.Hi, e), PowerOfTwo.Scale(power.Lo, e));
        // (2^(n/16) − 1) + 2^(n/16)·q: for n = 0 the first term is exactly 0, else the terms cancel by at most 3:1
        var result = ((scaled - unit) + scaled * q) * (Vector256.Create(1.0) / unit);

        var overflows = Vector256.GreaterThan(x.Hi, Vector256.Create(ExpUpper));
        var vanishes = Vector256.LessThan(x.Hi, Vector256.Create(ExpLower));
        result = Select(overflows, new Dd(double.PositiveInfinity), result);
        return Select(vanishes, new Dd(-1.0), result);
    }

    /// <summary>eʳ − 1 to 2⁻¹⁰⁰ relative, with n and 2^((n mod 16)/16); undefined where Exp overflows or underflows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Dd ExpTail(Dd x, out Vector256<double> n, out Dd power)
    {
        var rounder = Vector256.Create(PowerOfTwo.Rounder);
        var rounded = Vector256.FusedMultiplyAdd(x.Hi, Vector256.Create(PowerOfTwo.SixteenthsPerNat), rounder);
        n = rounded - rounder;
        power = new(LaneTable.Read16(PowerOfTwo.Sixteenths, rounded.AsInt64()),
            LaneTable.Read16(PowerOfTwo.SixteenthErrors, rounded.AsInt64()));

        // x − n·(ln 2 / 16): the first two parts are exact (Sterbenz, and products of few bits), so only the last sum rounds
        var a = Vector256.FusedMultiplyAdd(-n, Vector256.Create(PowerOfTwo.SixteenthHigh), x.Hi);
        var middle = n * Vector256.Create(-PowerOfTwo.SixteenthMiddle);
        var b = a + middle;
        var rounding = b - a;
        var error = (a - (b - rounding)) + (middle - rounding);
        var c = b + x.Lo;
        rounding = c - b;
        var low = (b - (c - rounding)) + (x.Lo - rounding);
        var r = new Dd(c, low + Vector256.FusedMultiplyAdd(-n, Vector256.Create(PowerOfTwo.SixteenthLow), error));

        // r¹⁵/15! < 2⁻¹²³; the terms from r⁸/8! on are below 2⁻⁵³ of r, and fit into the low part of 1/7!
        var tail = Vector256.Create(1 / 87178291200.0);
        tail = Vector256.FusedMultiplyAdd(tail, r.Hi, Vector256.Create(1 / 6227020800.0));
        tail = Vector256.FusedMultiplyAdd(tail, r.Hi, Vector256.Create(1 / 479001600.0));
        tail = Vector256.FusedMultiplyAdd(tail, r.Hi, Vector256.Create(1 / 39916800.0));
        tail = Vector256.FusedMultiplyAdd(tail, r.Hi, Vector256.Create(1 / 3628800.0));
        tail = Vector256.FusedMultiplyAdd(tail, r.Hi, Vector256.Create(1 / 362880.0));
        tail = Vector256.FusedMultiplyAdd(tail, r.Hi, Vector256.Create(1 / 40320.0));
        tail = Vector256.FusedMultiplyAdd(tail, r.Hi, Vector256.Create(1.7209558293420705e-22));
        var series = new Dd(Vector256.Create(0.0001984126984126984), tail);
        series = Horner(r, series, 0.001388888888888889, -5.300543954373577e-20);
        series = Horner(r, series, 0.008333333333333333, 1.1564823173178714e-19);
        series = Horner(r, series, 0.041666666666666664, 2.3129646346357427e-18);
        series = Horner(r, series, 0.16666666666666666, 9.25185853854297e-18);
        series = Horner(r, series, 0.5, 0);
        return LooseSum(r, LooseProduct(LooseProduct(r, series), r));
    }
}
