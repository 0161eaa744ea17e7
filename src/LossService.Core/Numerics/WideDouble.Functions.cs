using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <content>
/// The reductions of <see cref="Dd"/>'s functions. The first terms of a series are sums of two doubles, the rest plain ones: their
/// errors are scaled down by what they are multiplied by.
/// </content>
internal partial struct WideDouble
{
    // e^−746 is less than half the smallest double, e^710 more than the largest
    private const double ExpFloor = -746, ExpCeiling = 710;

    // what is so near 1 belongs to the point 1 of the table, even if it is rounded
    private const double Near = 1.0 / 64 - 1.0 / (1 << 30);

    // up to here repeated multiplication is faster and more accurate
    private const double MaxWholeExponent = 16;

    /// <inheritdoc cref="Exp"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble ExpOfNegative(WideDouble x) => Exp(x._hi, Vector256<double>.Zero);

    /// <inheritdoc cref="Exp"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble ExpOfSum(WideDouble x, WideDouble rest) => Exp(x._hi, rest._hi);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble FineExp(WideDouble x) => Exp(x._hi, x._lo, isFine: true);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble FineExpOfNegative(WideDouble x) => ExpOfNegative(x, hasLow: false);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble FineExpOfDifference(WideDouble x) => ExpOfNegative(x, hasLow: true);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WideDouble ExpOfNegative(WideDouble x, bool hasLow)
    {
        var hi = Vector256.MaxNative(Vector256.Create(ExpFloor), x._hi);
        var rounder = Vector256.Create(PowerOfTwo.Rounder);
        var rounded = Vector256.FusedMultiplyAdd(hi, Vector256.Create(PowerOfTwo.SixteenthsPerNat), rounder);
        var n = rounded - rounder;
        var power = LaneTable.Read16(PowerOfTwo.Sixteenths, rounded.AsInt64());
        var powerLow = LaneTable.Read16(PowerOfTwo.SixteenthErrors, rounded.AsInt64());

        // r + rLow = x − n·(ln 2 / 16), as in Exp
        var a = Vector256.FusedMultiplyAdd(n, Vector256.Create(-PowerOfTwo.SixteenthHigh), hi);
        var r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-PowerOfTwo.SixteenthMiddle), a);
        var rLow = Vector256.FusedMultiplyAdd(n, Vector256.Create(-PowerOfTwo.SixteenthMiddle), a - r);
        rLow = Vector256.FusedMultiplyAdd(n, Vector256.Create(-PowerOfTwo.SixteenthLow), rLow);
        if (hasLow)
        {
            var whole = r + x._lo;
            rLow += x._lo - (whole - r);
            r = whole;
        }

        // eʳ = 1 + r + r²/2 + r³·q; r¹⁰/10! is 2⁻⁷⁷
        var r2 = r * r;
        var q = Vector256.FusedMultiplyAdd(r, Vector256.Create(1 / 5040.0), Vector256.Create(1 / 720.0));
        q = Vector256.FusedMultiplyAdd(r2, Vector256.FusedMultiplyAdd(r, Vector256.Create(1 / 362880.0), Vector256.Create(1 / 40320.0)), q);
        q = Vector256.FusedMultiplyAdd(r2, q, Vector256.FusedMultiplyAdd(r, Vector256.Create(1 / 120.0), Vector256.Create(1 / 24.0)));
        q = Vector256.FusedMultiplyAdd(r, q, Vector256.Create(1 / 6.0));
        var halfR = r * Vector256.Create(0.5);
        var half = r * halfR;
        var leading = r + half;
        var tail = Vector256.FusedMultiplyAdd(r, rLow, rLow) + (Vector256.FusedMultiplyAdd(r, halfR, -half) + (half - (leading - r)));
        tail = Vector256.FusedMultiplyAdd(r2 * r, q, tail);

        // power·(1 + leading + tail)
        var linear = power * leading;
        var low = Vector256.FusedMultiplyAdd(power, leading, -linear);
        low = Vector256.FusedMultiplyAdd(power, tail, low) + Vector256.FusedMultiplyAdd(powerLow, leading, powerLow);
        var sum = power + linear;
        low += linear - (sum - power);
        (sum, low) = Normalize(sum, low);
        var e = n * Vector256.Create(1.0 / 16);
        if (Vector256.LessThanAny(hi, Vector256.Create(-ShiftedExponential.NormalSpan)))
            return new() { _hi = PowerOfTwo.Scale(sum, e), _lo = PowerOfTwo.Scale(low, e) };
        var scale = PowerOfTwo.FromNegatedExponent(-Vector256.Floor(e));
        return new() { _hi = sum * scale, _lo = low * scale };
    }

    /// <summary>e to the power hi + lo, for every number.</summary>
    /// <remarks>
    /// Relative error at most 2⁻⁶² (the bound of the tests) for normal results. 0 at −∞ and below −745.2; not finite above 709.7827 and for
    /// NaN.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Exp(Vector256<double> hi, Vector256<double> lo, bool isFine = false)
    {
        var (floor, ceiling) = (Vector256.Create(ExpFloor), Vector256.Create(ExpCeiling));
        var (vanishes, overflows) = (Vector256.LessThan(hi, floor), Vector256.GreaterThan(hi, ceiling));
        hi = Lanes.Select(vanishes, floor, Lanes.Select(overflows, ceiling, hi));
        lo = Vector256.AndNot(lo, vanishes | overflows);

        var rounder = Vector256.Create(PowerOfTwo.Rounder);
        var rounded = Vector256.FusedMultiplyAdd(hi, Vector256.Create(PowerOfTwo.SixteenthsPerNat), rounder);
        var n = rounded - rounder;
        var power = LaneTable.Read16(PowerOfTwo.Sixteenths, rounded.AsInt64());
        var powerLow = LaneTable.Read16(PowerOfTwo.SixteenthErrors, rounded.AsInt64());

        // r + rLow = x − n·(ln 2 / 16); the first difference is exact, and where the second is not, it is tiny
        var a = Vector256.FusedMultiplyAdd(-n, Vector256.Create(PowerOfTwo.SixteenthHigh), hi);
        var b = Vector256.FusedMultiplyAdd(-n, Vector256.Create(PowerOfTwo.SixteenthMiddle), a);
        var bLow = Vector256.FusedMultiplyAdd(-n, Vector256.Create(PowerOfTwo.SixteenthMiddle), a - b);
        bLow = Vector256.FusedMultiplyAdd(-n, Vector256.Create(PowerOfTwo.SixteenthLow), bLow);
        var r = b + lo;
        var rLow = bLow + (lo - (r - b));

        // r⁹/9! is 2⁻⁶⁸, r¹⁰/10! 2⁻⁷⁷
        var r2 = r * r;
        var q = Vector256.FusedMultiplyAdd(r, Vector256.Create(1 / 5040.0), Vector256.Create(1 / 720.0));
        var last = Vector256.Create(1 / 40320.0);
        if (isFine) last = Vector256.FusedMultiplyAdd(r, Vector256.Create(1 / 362880.0), last);
        q = Vector256.FusedMultiplyAdd(r2, last, q);
        q = Vector256.FusedMultiplyAdd(r2, q, Vector256.FusedMultiplyAdd(r, Vector256.Create(1 / 120.0), Vector256.Create(1 / 24.0)));
        var tail = Vector256.FusedMultiplyAdd(r, rLow, rLow);
        if (isFine)
        {
            // the rounding errors of r² and of 1 + r²/2 would be 2⁻⁶⁵; those of r³/6 are 2⁻⁷²
            var half = r2 * Vector256.Create(0.5);
            var halfLow = Vector256.FusedMultiplyAdd(r, r, -r2) * Vector256.Create(0.5);
            tail = Vector256.FusedMultiplyAdd(r2 * r, Vector256.FusedMultiplyAdd(r, q, Vector256.Create(1 / 6.0)), tail + halfLow);
            var leading = r + half;
            tail += half - (leading - r);
            r = leading;
        }
        else
        {
            q = Vector256.FusedMultiplyAdd(r2, q, Vector256.FusedMultiplyAdd(r, Vector256.Create(1 / 6.0), Vector256.Create(0.5)));
            tail = Vector256.FusedMultiplyAdd(q, r2, tail);
        }

        // power·(1 + r + tail)
        var linear = power * r;
        var low = Vector256.FusedMultiplyAdd(power, r, -linear);
        low = Vector256.FusedMultiplyAdd(power, tail, low) + Vector256.FusedMultiplyAdd(powerLow, r, powerLow);
        var sum = power + linear;
        low += linear - (sum - power);
        (sum, low) = Normalize(sum, low);
        var e = n * Vector256.Create(1.0 / 16);
        if (Vector256.GreaterThanAny(Vector256.Abs(hi), Vector256.Create(ShiftedExponential.NormalSpan)))
            return new() { _hi = PowerOfTwo.Scale(sum, e), _lo = PowerOfTwo.Scale(low, e) };
        var scale = PowerOfTwo.FromNegatedExponent(-Vector256.Floor(e));
        return new() { _hi = sum * scale, _lo = low * scale };
    }

    /// <summary>ln x for x &gt; 0, with full relative accuracy around x = 1.</summary>
    /// <remarks>
    /// Relative error at most 2⁻⁶² (the bound of the tests) for x between 2⁻¹⁰²² and 2¹⁰⁰⁰; NaN for all others, even for 0 and ∞.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Log(WideDouble x) => Logarithm(x, default);

    /// <summary>The same sum of a high and a low part, the latter below a unit in the last place of the former.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<double> Hi, Vector256<double> Lo) Normalize(Vector256<double> hi, Vector256<double> lo)
    {
        var sum = hi + lo;
        return (sum, lo - (sum - hi));
    }

    /// <summary>ln x; where <paramref name="excess"/> is not 0, it is x − 1, and used near x = 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WideDouble Logarithm(WideDouble x, WideDouble excess)
    {
        var z = LogarithmTable.Reduce(x._hi, out var e);
        var zLow = x._lo * PowerOfTwo.FromNegatedExponent(e);
        var slot = (z + Vector256.Create(LogarithmTable.Rounder)).AsInt64();
        var c = LaneTable.Read32(LogarithmTable.Reciprocals, slot);
        var p = z * c;
        var pLow = Vector256.FusedMultiplyAdd(zLow, c, Vector256.FusedMultiplyAdd(z, c, -p));
        p -= Vector256<double>.One;
        var f = p + pLow;
        var fLow = pLow - (f - p);
        var isNear = Vector256.LessThan(Vector256.Abs(excess._hi), Vector256.Create(Near)) & ~excess.IsZero._hi;
        f = Lanes.Select(isNear, excess._hi, f);
        fLow = Lanes.Select(isNear, excess._lo, fLow);

        // ln(1 + f) = f − f²/2 + f³·q: by powers of f², so that the terms do not depend on each other; f¹²/13 is 2⁻⁶⁹
        var f2 = f * f;
        var q = Vector256.FusedMultiplyAdd(f, Vector256.Create(-1.0 / 12), Vector256.Create(1.0 / 11));
        q = Vector256.FusedMultiplyAdd(f2, q, Vector256.FusedMultiplyAdd(f, Vector256.Create(-1.0 / 10), Vector256.Create(1.0 / 9)));
        q = Vector256.FusedMultiplyAdd(f2, q, Vector256.FusedMultiplyAdd(f, Vector256.Create(-1.0 / 8), Vector256.Create(1.0 / 7)));
        q = Vector256.FusedMultiplyAdd(f2, q, Vector256.FusedMultiplyAdd(f, Vector256.Create(-1.0 / 6), Vector256.Create(1.0 / 5)));
        q = Vector256.FusedMultiplyAdd(f2, q, Vector256.FusedMultiplyAdd(f, Vector256.Create(-1.0 / 4), Vector256.Create(1.0 / 3)));
        var half = f2 * Vector256.Create(0.5);
        var series = f - half;
        var low = (f - series) - half;
        // the rounding error of f²/2, and f's low part times the derivative
        var f2Low = Vector256.FusedMultiplyAdd(f, f, -f2);
        low += Vector256.FusedMultiplyAdd(-f, fLow, fLow)
            + Vector256.FusedMultiplyAdd(f2 * f, q, f2Low * Vector256.Create(-0.5));

        var high = Vector256.FusedMultiplyAdd(
            e, Vector256.Create(LogarithmTable.Ln2High), LaneTable.Read32(LogarithmTable.High, slot));
        low += Vector256.FusedMultiplyAdd(
            e, Vector256.Create(LogarithmTable.Ln2Middle), LaneTable.Read32(LogarithmTable.Middle, slot));
        var leading = high + series;
        low += series - (leading - high);
        (leading, low) = Normalize(leading, low);
        var isWithin = Vector256.GreaterThanOrEqual(x._hi, Vector256.Create(2.2250738585072014e-308))
            & Vector256.LessThan(x._hi, Vector256.Create(1.0715086071862673e+301));
        return new() { _hi = Lanes.Select(isWithin, leading, Vector256.Create(double.NaN)), _lo = low };
    }

    /// <summary>ln(1 + x) for x &gt; −1, with full relative accuracy for any small x.</summary>
    /// <remarks>
    /// Relative error at most 2⁻⁶² (the bound of the tests) for −1 + 2⁻⁵³ ≤ x ≤ 2¹⁰⁰⁰; NaN for all others, even for −1.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Log1p(WideDouble x)
    {
        var one = Vector256<double>.One;
        var sum = one + x._hi;
        var xRounded = sum - one;
        var error = (one - (sum - xRounded)) + (x._hi - xRounded);
        return Logarithm(new WideDouble { _hi = sum, _lo = error + x._lo }, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble UnitLog1p(WideDouble x)
    {
        var one = Vector256<double>.One;
        var sum = one + x._hi;
        return Logarithm(new WideDouble { _hi = sum, _lo = x._hi - (sum - one) + x._lo }, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Compare(WideDouble x, WideDouble y, WideDouble difference, out WideDouble log, out WideDouble r)
    {
        // the compiler does not inline two of these and a formula
        TakeRatio(x, y, difference, out log, out r, out var excess);
        return excess;
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void TakeRatio(
        in WideDouble x, in WideDouble y, in WideDouble difference, out WideDouble log, out WideDouble r, out WideDouble excess)
    {
        var quotient = difference / x;
        var logarithm = Logarithm(y / x, quotient);
        // r²/2·(1 − 2r/3 + r²/2), where r − log would lose more than 20 bits; the next term is 2⁻⁶¹
        var bend = Vector256.FusedMultiplyAdd(quotient._hi, Vector256.Create(0.5), Vector256.Create(-2.0 / 3));
        var half = Square(quotient) * Of(0.5);
        half._lo = Vector256.FusedMultiplyAdd(half._hi * quotient._hi, bend, half._lo);
        var isSmall = Vector256.LessThan(Vector256.Abs(quotient._hi), Vector256.Create(1.0 / (1 << 20)));
        excess = Select(isSmall, half, quotient - logarithm);
        (log, r) = (logarithm, quotient);
    }

    /// <summary>xʸ for x ≥ 0 and a finite y, and for x &lt; 0 if y is a whole number from 0 to 16.</summary>
    /// <remarks>
    /// Relative error at most (1 + |y·ln x|)·2⁻⁶² (the bound of the tests) for normal results; for whole y up to 16, below 2⁻⁹⁴. x⁰ = 1;
    /// 0ʸ = 0 for y &gt; 0; not finite for NaN and ∞ but for x⁰, where y &lt; 0 and x = 0, and mostly where x is subnormal.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Pow(WideDouble x, double y)
    {
        if (y == 1) return x;
        if (y == 2) return Square(x);
        if (y == 0) return One;
        WideDouble power;
        if (y is > 0 and <= MaxWholeExponent && y == (int)y) TakeWholePower(x, (int)y, out power);
        else TakeGeneralPower(x, y, out power);
        return power;
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void TakeGeneralPower(in WideDouble x, double exponent, out WideDouble power)
    {
        var y = Vector256.Create(exponent);
        var log = Log(x);
        var product = log._hi * y;
        var low = Vector256.FusedMultiplyAdd(log._lo, y, Vector256.FusedMultiplyAdd(log._hi, y, -product));
        power = Exp(product, low);
        var isZero = x.IsZero._hi & Vector256.GreaterThan(y, Vector256<double>.Zero);
        power = new() { _hi = Vector256.AndNot(power._hi, isZero), _lo = Vector256.AndNot(power._lo, isZero) };
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void TakeWholePower(in WideDouble x, int exponent, out WideDouble power)
    {
        // from the top bit down, so that no intermediate power is larger than the result
        power = x;
        for (var bit = 1 << int.Log2(exponent) >> 1; bit != 0; bit >>= 1)
        {
            power = Square(power);
            if ((exponent & bit) != 0) power *= x;
        }
    }
}
