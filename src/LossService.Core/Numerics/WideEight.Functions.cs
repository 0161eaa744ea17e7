using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Core.Numerics;

/// <content>The functions of <see cref="WideDouble"/>, by the same operations.</content>
internal partial struct WideEight
{
    // e^−746 is less than half the smallest double, e^710 more than the largest
    private const double ExpFloor = -746, ExpCeiling = 710;

    // what is so near 1 belongs to the point 1 of the table, even if it is rounded
    private const double Near = 1.0 / 64 - 1.0 / (1 << 30);

    // up to here repeated multiplication is faster and more accurate
    private const double MaxWholeExponent = 16;

    /// <inheritdoc cref="Exp"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight ExpOfNegative(WideEight x) => Exp(x._hi, Vector512<double>.Zero);

    /// <inheritdoc cref="Exp"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight ExpOfSum(WideEight x, WideEight rest) => Exp(x._hi, rest._hi);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight FineExp(WideEight x) => Exp(x._hi, x._lo, isFine: true);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight FineExpOfNegative(WideEight x) => ExpOfNegative(x, hasLow: false);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight FineExpOfDifference(WideEight x) => ExpOfNegative(x, hasLow: true);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WideEight ExpOfNegative(WideEight x, bool hasLow)
    {
        var hi = Avx512F.Max(Vector512.Create(ExpFloor), x._hi);
        var rounder = Vector512.Create(PowerOfTwo.Rounder);
        var rounded = Vector512.FusedMultiplyAdd(hi, Vector512.Create(PowerOfTwo.SixteenthsPerNat), rounder);
        var n = rounded - rounder;
        var power = LaneTable.Read16(PowerOfTwo.Sixteenths, rounded.AsInt64());
        var powerLow = LaneTable.Read16(PowerOfTwo.SixteenthErrors, rounded.AsInt64());

        // r + rLow = x − n·(ln 2 / 16), as in Exp
        var a = Vector512.FusedMultiplyAdd(n, Vector512.Create(-PowerOfTwo.SixteenthHigh), hi);
        var r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-PowerOfTwo.SixteenthMiddle), a);
        var rLow = Vector512.FusedMultiplyAdd(n, Vector512.Create(-PowerOfTwo.SixteenthMiddle), a - r);
        rLow = Vector512.FusedMultiplyAdd(n, Vector512.Create(-PowerOfTwo.SixteenthLow), rLow);
        if (hasLow)
        {
            var whole = r + x._lo;
            rLow += x._lo - (whole - r);
            r = whole;
        }

        // eʳ = 1 + r + r²/2 + r³·q; r¹⁰/10! is 2⁻⁷⁷
        var r2 = r * r;
        var q = Vector512.FusedMultiplyAdd(r, Vector512.Create(1 / 5040.0), Vector512.Create(1 / 720.0));
        q = Vector512.FusedMultiplyAdd(r2, Vector512.FusedMultiplyAdd(r, Vector512.Create(1 / 362880.0), Vector512.Create(1 / 40320.0)), q);
        q = Vector512.FusedMultiplyAdd(r2, q, Vector512.FusedMultiplyAdd(r, Vector512.Create(1 / 120.0), Vector512.Create(1 / 24.0)));
        q = Vector512.FusedMultiplyAdd(r, q, Vector512.Create(1 / 6.0));
        var halfR = r * Vector512.Create(0.5);
        var half = r * halfR;
        var leading = r + half;
        var tail = Vector512.FusedMultiplyAdd(r, rLow, rLow) + (Vector512.FusedMultiplyAdd(r, halfR, -half) + (half - (leading - r)));
        tail = Vector512.FusedMultiplyAdd(r2 * r, q, tail);

        // power·(1 + leading + tail)
        var linear = power * leading;
        var low = Vector512.FusedMultiplyAdd(power, leading, -linear);
        low = Vector512.FusedMultiplyAdd(power, tail, low) + Vector512.FusedMultiplyAdd(powerLow, leading, powerLow);
        var sum = power + linear;
        low += linear - (sum - power);
        (sum, low) = Normalize(sum, low);
        var e = n * Vector512.Create(1.0 / 16);
        return new() { _hi = PowerOfTwo.Scale(sum, e), _lo = PowerOfTwo.Scale(low, e) };
    }

    /// <summary>e to the power hi + lo, for every number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WideEight Exp(Vector512<double> hi, Vector512<double> lo, bool isFine = false)
    {
        var (floor, ceiling) = (Vector512.Create(ExpFloor), Vector512.Create(ExpCeiling));
        var (vanishes, overflows) = (Vector512.LessThan(hi, floor), Vector512.GreaterThan(hi, ceiling));
        hi = Lanes.Select(vanishes, floor, Lanes.Select(overflows, ceiling, hi));
        lo = Vector512.AndNot(lo, vanishes | overflows);

        var rounder = Vector512.Create(PowerOfTwo.Rounder);
        var rounded = Vector512.FusedMultiplyAdd(hi, Vector512.Create(PowerOfTwo.SixteenthsPerNat), rounder);
        var n = rounded - rounder;
        var power = LaneTable.Read16(PowerOfTwo.Sixteenths, rounded.AsInt64());
        var powerLow = LaneTable.Read16(PowerOfTwo.SixteenthErrors, rounded.AsInt64());

        // r + rLow = x − n·(ln 2 / 16); the first difference is exact, and where the second is not, it is tiny
        var a = Vector512.FusedMultiplyAdd(-n, Vector512.Create(PowerOfTwo.SixteenthHigh), hi);
        var b = Vector512.FusedMultiplyAdd(-n, Vector512.Create(PowerOfTwo.SixteenthMiddle), a);
        var bLow = Vector512.FusedMultiplyAdd(-n, Vector512.Create(PowerOfTwo.SixteenthMiddle), a - b);
        bLow = Vector512.FusedMultiplyAdd(-n, Vector512.Create(PowerOfTwo.SixteenthLow), bLow);
        var r = b + lo;
        var rLow = bLow + (lo - (r - b));

        // r⁹/9! is 2⁻⁶⁸, r¹⁰/10! 2⁻⁷⁷
        var r2 = r * r;
        var q = Vector512.FusedMultiplyAdd(r, Vector512.Create(1 / 5040.0), Vector512.Create(1 / 720.0));
        var last = Vector512.Create(1 / 40320.0);
        if (isFine) last = Vector512.FusedMultiplyAdd(r, Vector512.Create(1 / 362880.0), last);
        q = Vector512.FusedMultiplyAdd(r2, last, q);
        q = Vector512.FusedMultiplyAdd(r2, q, Vector512.FusedMultiplyAdd(r, Vector512.Create(1 / 120.0), Vector512.Create(1 / 24.0)));
        var tail = Vector512.FusedMultiplyAdd(r, rLow, rLow);
        if (isFine)
        {
            // the rounding errors of r² and of 1 + r²/2 would be 2⁻⁶⁵; those of r³/6 are 2⁻⁷²
            var half = r2 * Vector512.Create(0.5);
            var halfLow = Vector512.FusedMultiplyAdd(r, r, -r2) * Vector512.Create(0.5);
            tail = Vector512.FusedMultiplyAdd(r2 * r, Vector512.FusedMultiplyAdd(r, q, Vector512.Create(1 / 6.0)), tail + halfLow);
            var leading = r + half;
            tail += half - (leading - r);
            r = leading;
        }
        else
        {
            q = Vector512.FusedMultiplyAdd(r2, q, Vector512.FusedMultiplyAdd(r, Vector512.Create(1 / 6.0), Vector512.Create(0.5)));
            tail = Vector512.FusedMultiplyAdd(q, r2, tail);
        }

        // power·(1 + r + tail)
        var linear = power * r;
        var low = Vector512.FusedMultiplyAdd(power, r, -linear);
        low = Vector512.FusedMultiplyAdd(power, tail, low) + Vector512.FusedMultiplyAdd(powerLow, r, powerLow);
        var sum = power + linear;
        low += linear - (sum - power);
        (sum, low) = Normalize(sum, low);
        var e = n * Vector512.Create(1.0 / 16);
        if (Vector512.GreaterThanAny(Vector512.Abs(hi), Vector512.Create(ShiftedExponential.NormalSpan)))
            return new() { _hi = PowerOfTwo.Scale(sum, e), _lo = PowerOfTwo.Scale(low, e) };
        var scale = PowerOfTwo.FromNegatedExponent(-Vector512.Floor(e));
        return new() { _hi = sum * scale, _lo = low * scale };
    }

    /// <summary>ln x for x &gt; 0, with full relative accuracy around x = 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight Log(WideEight x) => Logarithm(x, default);

    /// <summary>The same sum of a high and a low part, the latter below a unit in the last place of the former.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<double> Hi, Vector512<double> Lo) Normalize(Vector512<double> hi, Vector512<double> lo)
    {
        var sum = hi + lo;
        return (sum, lo - (sum - hi));
    }

    /// <summary>ln x; where <paramref name="excess"/> is not 0, it is x − 1, and used near x = 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WideEight Logarithm(WideEight x, WideEight excess)
    {
        var z = LogarithmTable.Reduce(x._hi, out var e);
        var zLow = x._lo * PowerOfTwo.FromNegatedExponent(e);
        var slot = (z + Vector512.Create(LogarithmTable.Rounder)).AsInt64();
        var c = LaneTable.Read32(LogarithmTable.Reciprocals, slot);
        var p = z * c;
        var pLow = Vector512.FusedMultiplyAdd(zLow, c, Vector512.FusedMultiplyAdd(z, c, -p));
        p -= Vector512<double>.One;
        var f = p + pLow;
        var fLow = pLow - (f - p);
        var isNear = Vector512.LessThan(Vector512.Abs(excess._hi), Vector512.Create(Near)) & ~excess.IsZero._hi;
        f = Lanes.Select(isNear, excess._hi, f);
        fLow = Lanes.Select(isNear, excess._lo, fLow);

        // ln(1 + f) = f − f²/2 + f³·q: by powers of f², so that the terms do not depend on each other; f¹²/13 is 2⁻⁶⁹
        var f2 = f * f;
        var q = Vector512.FusedMultiplyAdd(f, Vector512.Create(-1.0 / 12), Vector512.Create(1.0 / 11));
        q = Vector512.FusedMultiplyAdd(f2, q, Vector512.FusedMultiplyAdd(f, Vector512.Create(-1.0 / 10), Vector512.Create(1.0 / 9)));
        q = Vector512.FusedMultiplyAdd(f2, q, Vector512.FusedMultiplyAdd(f, Vector512.Create(-1.0 / 8), Vector512.Create(1.0 / 7)));
        q = Vector512.FusedMultiplyAdd(f2, q, Vector512.FusedMultiplyAdd(f, Vector512.Create(-1.0 / 6), Vector512.Create(1.0 / 5)));
        q = Vector512.FusedMultiplyAdd(f2, q, Vector512.FusedMultiplyAdd(f, Vector512.Create(-1.0 / 4), Vector512.Create(1.0 / 3)));
        var half = f2 * Vector512.Create(0.5);
        var series = f - half;
        var low = (f - series) - half;
        // the rounding error of f²/2, and f's low part times the derivative
        var f2Low = Vector512.FusedMultiplyAdd(f, f, -f2);
        low += Vector512.FusedMultiplyAdd(-f, fLow, fLow)
            + Vector512.FusedMultiplyAdd(f2 * f, q, f2Low * Vector512.Create(-0.5));

        var high = Vector512.FusedMultiplyAdd(
            e, Vector512.Create(LogarithmTable.Ln2High), LaneTable.Read32(LogarithmTable.High, slot));
        low += Vector512.FusedMultiplyAdd(
            e, Vector512.Create(LogarithmTable.Ln2Middle), LaneTable.Read32(LogarithmTable.Middle, slot));
        var leading = high + series;
        low += series - (leading - high);
        (leading, low) = Normalize(leading, low);
        var isWithin = Vector512.GreaterThanOrEqual(x._hi, Vector512.Create(2.2250738585072014e-308))
            & Vector512.LessThan(x._hi, Vector512.Create(1.0715086071862673e+301));
        return new() { _hi = Lanes.Select(isWithin, leading, Vector512.Create(double.NaN)), _lo = low };
    }

    /// <summary>ln(1 + x) for x &gt; −1, with full relative accuracy for any small x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight Log1p(WideEight x)
    {
        var one = Vector512<double>.One;
        var sum = one + x._hi;
        var xRounded = sum - one;
        var error = (one - (sum - xRounded)) + (x._hi - xRounded);
        return Logarithm(new WideEight { _hi = sum, _lo = error + x._lo }, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight UnitLog1p(WideEight x)
    {
        var one = Vector512<double>.One;
        var sum = one + x._hi;
        return Logarithm(new WideEight { _hi = sum, _lo = x._hi - (sum - one) + x._lo }, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight Compare(WideEight x, WideEight y, WideEight difference, out WideEight log, out WideEight r)
    {
        // the compiler does not inline two of these and a formula
        TakeRatio(x, y, difference, out log, out r, out var excess);
        return excess;
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void TakeRatio(
        in WideEight x, in WideEight y, in WideEight difference, out WideEight log, out WideEight r, out WideEight excess)
    {
        var quotient = difference / x;
        var logarithm = Logarithm(y / x, quotient);
        // r²/2·(1 − 2r/3 + r²/2), where r − log would lose more than 20 bits; the next term is 2⁻⁶¹
        var bend = Vector512.FusedMultiplyAdd(quotient._hi, Vector512.Create(0.5), Vector512.Create(-2.0 / 3));
        var half = Square(quotient) * Of(0.5);
        half._lo = Vector512.FusedMultiplyAdd(half._hi * quotient._hi, bend, half._lo);
        var isSmall = Vector512.LessThan(Vector512.Abs(quotient._hi), Vector512.Create(1.0 / (1 << 20)));
        excess = Select(isSmall, half, quotient - logarithm);
        (log, r) = (logarithm, quotient);
    }

    /// <summary>xʸ for x ≥ 0 and a finite y, and for x &lt; 0 if y is a whole number from 0 to 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight Pow(WideEight x, double y)
    {
        if (y == 1) return x;
        if (y == 2) return Square(x);
        if (y == 0) return One;
        WideEight power;
        if (y is > 0 and <= MaxWholeExponent && y == (int)y) TakeWholePower(x, (int)y, out power);
        else TakeGeneralPower(x, y, out power);
        return power;
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void TakeGeneralPower(in WideEight x, double exponent, out WideEight power)
    {
        var y = Vector512.Create(exponent);
        var log = Log(x);
        var product = log._hi * y;
        var low = Vector512.FusedMultiplyAdd(log._lo, y, Vector512.FusedMultiplyAdd(log._hi, y, -product));
        power = Exp(product, low);
        var isZero = x.IsZero._hi & Vector512.GreaterThan(y, Vector512<double>.Zero);
        power = new() { _hi = Vector512.AndNot(power._hi, isZero), _lo = Vector512.AndNot(power._lo, isZero) };
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void TakeWholePower(in WideEight x, int exponent, out WideEight power)
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
