using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>ln(1 + x) for 0 ≤ x ≤ 1, with full relative accuracy for any small x: for softplus.</summary>
/// <remarks>
/// <para>Within 1 ulp (the bound of the tests; greatest measured 0.74 ulp). 0 at 0, x for tiny x, ln 2 rounded at 1. Undefined
/// outside of [0, 1] and for NaN.</para>
/// <para>With c near 1/(1 + x), f = (1 + x)·c − 1 = x·c + (c − 1) is one multiply-add, since c − 1 is exact: 1 + x is never rounded.
/// Then ln(1 + x) = −ln c + ln(1 + f), |f| ≤ 1/30, from a table of sixteen c, slot j around x = j/15, and a series that is the
/// Chebyshev fit of (ln(1 + f) − f)/f² (error 1.4e-17).</para>
/// <para>Each c was chosen, within 4e-5 of the middle of its slot, so that −ln c lies within 3e-4 ulp of a double (S. Gal, "Computing
/// elementary functions: a new approach for achieving high accuracy and good performance", 1986): no second table is needed.
/// c = 1 in slot 0, for small x.</para>
/// </remarks>
internal static class UnitLog1p
{
    private static ReadOnlySpan<double> Reciprocals =>
    [
        1.0, 0.9374984844375, 0.8823578731764706, 0.8333628796666667,
        0.7894830506842105, 0.750036507075, 0.7142563767142858, 0.6818418516818182,
        0.6521987696086956, 0.624990598375, 0.5999832312, 0.5769484956923077,
        0.5555451816111111, 0.535699996125, 0.5172636016551724, 0.5041845291932773,
    ];

    private static ReadOnlySpan<double> Logarithms =>
    [
        0.0, 0.06454013773887793, 0.12515755336962772, 0.18228610182248955,
        0.23637691393460944, 0.2876333975364238, 0.3365133100647152, 0.3829575370586852,
        0.42740590215323687, 0.47001867195887653, 0.5108535721565434, 0.5500022786898501,
        0.5878053381764635, 0.6241809833287487, 0.6592026666071559, 0.6848129485680234,
    ];

    /// <summary>The factors of f³ to f¹⁰ in ln(1 + f).</summary>
    private const double Third = 0.3333333333333297, Fourth = -0.25000000000014483, Fifth = 0.20000000004634125,
        Sixth = -0.16666666585445147, Seventh = 0.1428569812196788, Eighth = -0.125001388256659, Ninth = 0.11132074039939108,
        Tenth = -0.09934550105553791;

    /// <summary>ln(1 + x) of four numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Compute(Vector256<double> x)
    {
        var slot = Vector256.FusedMultiplyAdd(x, Vector256.Create(15.0), Vector256.Create(PowerOfTwo.Rounder)).AsInt64();
        var c = LaneTable.Read16(Reciprocals, slot);
        var f = Vector256.FusedMultiplyAdd(x, c, c - Vector256<double>.One);

        // by powers of f², so that the terms do not depend on each other
        var f2 = f * f;
        var q = Vector256.FusedMultiplyAdd(f, Vector256.Create(Ninth), Vector256.Create(Eighth));
        q = Vector256.FusedMultiplyAdd(f2, Vector256.Create(Tenth), q);
        var pair = Vector256.FusedMultiplyAdd(f, Vector256.Create(Seventh), Vector256.Create(Sixth));
        q = Vector256.FusedMultiplyAdd(f2, q, pair);
        pair = Vector256.FusedMultiplyAdd(f, Vector256.Create(Fifth), Vector256.Create(Fourth));
        q = Vector256.FusedMultiplyAdd(f2, q, pair);
        pair = Vector256.FusedMultiplyAdd(f, Vector256.Create(Third), Vector256.Create(-0.5));
        q = Vector256.FusedMultiplyAdd(f2, q, pair);

        var tabled = LaneTable.Read16(Logarithms, slot);
        var leading = tabled + f;
        // the rounding error of the leading sum
        var low = f - (leading - tabled);
        return leading + Vector256.FusedMultiplyAdd(q, f2, low);
    }

    /// <summary>ln(1 + x) of eight numbers, on a processor with AVX-512.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Compute(Vector512<double> x)
    {
        var slot = Vector512.FusedMultiplyAdd(x, Vector512.Create(15.0), Vector512.Create(PowerOfTwo.Rounder)).AsInt64();
        var c = LaneTable.Read16(Reciprocals, slot);
        var f = Vector512.FusedMultiplyAdd(x, c, c - Vector512<double>.One);

        // by powers of f², so that the terms do not depend on each other
        var f2 = f * f;
        var q = Vector512.FusedMultiplyAdd(f, Vector512.Create(Ninth), Vector512.Create(Eighth));
        q = Vector512.FusedMultiplyAdd(f2, Vector512.Create(Tenth), q);
        var pair = Vector512.FusedMultiplyAdd(f, Vector512.Create(Seventh), Vector512.Create(Sixth));
        q = Vector512.FusedMultiplyAdd(f2, q, pair);
        pair = Vector512.FusedMultiplyAdd(f, Vector512.Create(Fifth), Vector512.Create(Fourth));
        q = Vector512.FusedMultiplyAdd(f2, q, pair);
        pair = Vector512.FusedMultiplyAdd(f, Vector512.Create(Third), Vector512.Create(-0.5));
        q = Vector512.FusedMultiplyAdd(f2, q, pair);

        var tabled = LaneTable.Read16(Logarithms, slot);
        var leading = tabled + f;
        // the rounding error of the leading sum
        var low = f - (leading - tabled);
        return leading + Vector512.FusedMultiplyAdd(q, f2, low);
    }
}
