using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <content>
/// The logarithm: x = 2ᵉ·z, z·c = 1 + f with a tabulated reciprocal c, so ln x = e·ln 2 − ln c + log1p(f), |f| ≤ 1/44. The reduction
/// is Tang's ("Table-driven implementation of the logarithm function in IEEE floating-point arithmetic", ACM TOMS 16(4), 1990); the
/// series is FDLIBM's f − s·(f − R) with s = f/(2+f), R = ⅔s² + ⅖s⁴ + …, in which the error of the division is scaled down by f.
/// </content>
internal readonly partial struct Dd
{
    /// <summary>ln x for x ≥ 0, with full relative accuracy around x = 1.</summary>
    /// <remarks>
    /// Greatest relative error in the golden file 2⁻¹⁰²·³, so the rounded double is within 0.5 ulp + 2⁻⁴⁹ ulp. −∞ at ±0, ∞ at ∞, NaN
    /// for x &lt; 0 and NaN.
    /// </remarks>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static Dd Log(Dd x) => Logarithm(x, Sum(x.Hi - Vector256.Create(1.0), x.Lo));

    /// <summary>ln(1 + x) for x ≥ −1, with full relative accuracy for any small x.</summary>
    /// <remarks>
    /// Greatest relative error in the golden file 2⁻¹⁰²·⁸, so the rounded double is within 0.5 ulp + 2⁻⁴⁹ ulp. −∞ at −1, ∞ at ∞, NaN
    /// for x &lt; −1 and NaN.
    /// </remarks>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static Dd Log1p(Dd x) => Logarithm(x + Vector256.Create(1.0), x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd UnitLog1p(Dd x) => Log1p(x);

    /// <summary>x·ln y from ln y, with 0·(±∞) = 0: the limit in entropies and likelihoods.</summary>
    /// <remarks>0 wherever x is ±0, whatever <paramref name="logY"/> is; elsewhere the product, with its error of 4u².</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd XLogY(Dd x, Dd logY) => Select(x.IsZero, Zero, x * logY);

    /// <summary>ln x, where <paramref name="excess"/> is x − 1: used only near x = 1, where it is exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    private static Dd Logarithm(Dd x, Dd excess)
    {
        // beyond 2^±900, 2⁻ᵉ or the low part would underflow: scale by 2^±200
        var small = Vector256.LessThan(x.Hi, Vector256.Create(1.1830521861667747e-271));
        var large = Vector256.GreaterThan(x.Hi, Vector256.Create(8.452712498170644e+270));
        var scale = Lanes.Select(large, Vector256.Create(6.223015277861142e-61), Vector256.Create(1.0));
        scale = Lanes.Select(small, Vector256.Create(1.6069380442589903e+60), scale);
        var e = (large & Vector256.Create(200.0)) - (small & Vector256.Create(200.0));
        var scaledHi = x.Hi * scale;
        var zHi = LogarithmTable.Reduce(scaledHi, out var exponent);
        e += exponent;
        var zLo = x.Lo * scale * PowerOfTwo.FromNegatedExponent(exponent);
        var slot = (zHi + Vector256.Create(LogarithmTable.Rounder)).AsInt64();

        var c = LaneTable.Read32(LogarithmTable.Reciprocals, slot);
        var p = zHi * c;
        var pError = Vector256.FusedMultiplyAdd(zHi, c, -p);
        var f = Sum(p - Vector256.Create(1.0), Vector256.FusedMultiplyAdd(zLo, c, pError));
        var nearOne = Vector256.LessThan(Vector256.Abs(excess.Hi), Vector256.Create(1.0 / 64));
        f = Select(nearOne, excess, f);

        // e·ln 2 − ln c: exact in the first two parts; exactly 0 near x = 1
        var high = Vector256.FusedMultiplyAdd(
            e, Vector256.Create(LogarithmTable.Ln2High), LaneTable.Read32(LogarithmTable.High, slot));
        var middle = Vector256.FusedMultiplyAdd(
            e, Vector256.Create(LogarithmTable.Ln2Middle), LaneTable.Read32(LogarithmTable.Middle, slot));
        var low = Vector256.FusedMultiplyAdd(
            e, Vector256.Create(LogarithmTable.Ln2Low), LaneTable.Read32(LogarithmTable.Low, slot));
        var leading = FastTwoSum(high, middle);
        var result = new Dd(leading.Hi, leading.Lo + low) + Log1pSeries(f);

        var ordinary = Vector256.GreaterThan(x.Hi, Vector256<double>.Zero) & Finite(x.Hi);
        var otherwise = Lanes.Select(
            x.IsZero,
            Vector256.Create(double.NegativeInfinity),
            Lanes.Select(
                Vector256.GreaterThan(x.Hi, Vector256<double>.Zero), x.Hi, Vector256.Create(double.NaN)));
        return new(Lanes.Select(ordinary, result.Hi, otherwise), result.Lo & ordinary);
    }

    /// <summary>ln(1 + f) for |f| ≤ 1/44.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    private static Dd Log1pSeries(Dd f)
    {
        var two = Vector256.Create(2.0);
        var divisor = two + f.Hi;
        var divisorLow = (f.Hi - (divisor - two)) + f.Lo;
        var reciprocal = Vector256.Create(1.0) / divisor;
        var quotient = f.Hi * reciprocal;
        var remainder = Vector256.FusedMultiplyAdd(-quotient, divisor, f.Hi);
        remainder += Vector256.FusedMultiplyAdd(-quotient, divisorLow, f.Lo);
        var s = new Dd(quotient, remainder * reciprocal);

        // s¹⁸/19 < 2⁻¹²⁰; the terms from 2s⁸/9 on are below 2⁻⁵³ of f, and fit into the low part of 2/7
        var t = LooseProduct(s, s);
        var tail = Vector256.Create(2.0 / 17);
        tail = Vector256.FusedMultiplyAdd(tail, t.Hi, Vector256.Create(2.0 / 15));
        tail = Vector256.FusedMultiplyAdd(tail, t.Hi, Vector256.Create(2.0 / 13));
        tail = Vector256.FusedMultiplyAdd(tail, t.Hi, Vector256.Create(2.0 / 11));
        tail = Vector256.FusedMultiplyAdd(tail, t.Hi, Vector256.Create(2.0 / 9));
        tail = Vector256.FusedMultiplyAdd(tail, t.Hi, Vector256.Create(1.586032892321652e-17));
        var series = new Dd(Vector256.Create(0.2857142857142857), tail);
        series = Horner(t, series, 0.4, -2.2204460492503132e-17);
        series = Horner(t, series, 0.6666666666666666, 3.700743415417188e-17);
        return LooseSum(f, -LooseProduct(s, LooseSum(f, -LooseProduct(t, series))));
    }
}
