using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>ln(y/x), and r − ln(1 + r) with r = (y − x)/x, of four pairs of doubles whose differences are given.</summary>
/// <remarks>
/// One division and one logarithm. With 1 + r = 2ᵉ·z and c near 1/z from a table, ln(1 + r) = (e·ln 2 − ln c) + f − f²·q, f = c·z − 1.
/// Where y is near x, z − 1 is made of r, and the products and differences of the leading terms are exact, so that r − ln(1 + r) has all
/// digits however small r is. The logarithm is within 4 ulp, r − ln(1 + r) within 6 (the bounds of the tests), for positive x and y and
/// exact differences.
/// </remarks>
internal static partial class VectorRatio
{
    private const double LeastNumber = 1e-290;

    // chosen so that −ln of each is its entry in Logarithms, up to 2⁻⁷², and these are multiples of 2⁻⁵²: sums with e·ln 2 are exact
    private static ReadOnlySpan<double> Factors =>
    [
        1.0, 0.9697013840506936, 0.9411697860537508, 0.9142822691886613,
        0.8888941181666903, 0.8648708522155333, 0.8421021080232877, 0.820515122785452,
        0.8000029651195426, 0.7804858815372165, 0.7619036368792942, 0.7441899049955164,
        0.7272697970289299, 1.0, 1.0, 1.0,
        1.0, 1.0, 1.0, 1.0,
        1.0, 1.0, 1.454549151210014, 1.3912998611754703,
        1.3333415578009877, 1.2800056816406287, 1.2307663321485283, 1.1851768151699402,
        1.142849804562976, 1.1034556021046829, 1.0666716384959027, 1.0322617803929848,
    ];

    private static ReadOnlySpan<double> Logarithms =>
    [
        0.0, 0.030767106374837594, 0.06063172415954621, 0.08961592677168806,
        0.1177771527361613, 0.14517508699425052, 0.1718540036560241, 0.19782293743908674,
        0.22313984492165018, 0.2478386281880589, 0.2719351920806583, 0.29545902806955193,
        0.3184577602118728, 0.0, 0.0, 0.0,
        0.0, 0.0, 0.0, 0.0,
        0.0, 0.0, -0.3746959908950658, -0.33023846208524654,
        -0.28768824078349753, -0.24686451670341558, -0.2076370096461504, -0.16989197457009708,
        -0.1335249715965119, -0.09844671219858059, -0.06454318221661715, -0.031752298063805195,
    ];

    /// <summary>Compares; NaN where y is below 1e-290 and x is larger.</summary>
    /// <param name="x">x, above 0.</param>
    /// <param name="y">y, above 0.</param>
    /// <param name="difference">y − x.</param>
    /// <param name="log">ln(y/x).</param>
    /// <param name="r">r.</param>
    /// <returns>r − ln(1 + r).</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static Vector256<double> Compare(
        Vector256<double> x, Vector256<double> y, Vector256<double> difference, out Vector256<double> log, out Vector256<double> r)
    {
        var one = Vector256<double>.One;
        var inverse = one / x;
        r = Divide(difference, x, inverse);
        var z = LogarithmTable.Reduce(Divide(y, x, inverse), out var e);
        var slot = (z + Vector256.Create(LogarithmTable.Rounder)).AsInt64();
        // z − 1 from r, whose digits the difference r − ln(1 + r) needs; far from x, the quotient has those that matter
        var scale = PowerOfTwo.FromNegatedExponent(e);
        var isNear = Vector256.LessThan(Vector256.Abs(e), Vector256.Create(1.5));
        var (scaled, rest) = (r * scale, scale - one);
        var w = Lanes.Select(isNear, scaled + rest, z - one);
        var wLow = isNear & (scaled - (w - rest));
        var c = LaneTable.Read32(Factors, slot);
        var product = c * w;
        var f = product + (c - one);
        var fLow = Vector256.FusedMultiplyAdd(c, wLow, Vector256.FusedMultiplyAdd(c, w, -product));

        var f2 = f * f;
        // (f − ln(1 + f))/f² for |f| ≤ 1/44; f¹¹/12 is 2⁻⁶³
        var q = Vector256.FusedMultiplyAdd(f, Vector256.Create(-1.0 / 11), Vector256.Create(1.0 / 10));
        q = Vector256.FusedMultiplyAdd(f2, Vector256.Create(1.0 / 12), q);
        q = Vector256.FusedMultiplyAdd(f2, q, Vector256.FusedMultiplyAdd(f, Vector256.Create(-1.0 / 9), Vector256.Create(1.0 / 8)));
        q = Vector256.FusedMultiplyAdd(f2, q, Vector256.FusedMultiplyAdd(f, Vector256.Create(-1.0 / 7), Vector256.Create(1.0 / 6)));
        q = Vector256.FusedMultiplyAdd(f2, q, Vector256.FusedMultiplyAdd(f, Vector256.Create(-1.0 / 5), Vector256.Create(1.0 / 4)));
        q = Vector256.FusedMultiplyAdd(f2, q, Vector256.FusedMultiplyAdd(f, Vector256.Create(-1.0 / 3), Vector256.Create(0.5)));

        var high = Vector256.FusedMultiplyAdd(e, Vector256.Create(LogarithmTable.Ln2High), LaneTable.Read32(Logarithms, slot));
        var low = Vector256.FusedMultiplyAdd(e, Vector256.Create(LogarithmTable.Ln2Middle), fLow);
        // a subnormal number has lost digits, unless nothing depends on it
        var isLost = Vector256.LessThan(y, Vector256.Create(LeastNumber)) & Vector256.LessThan(y, x);
        low = Lanes.Select(isLost, Vector256.Create(double.NaN), low);
        var curved = Vector256.FusedMultiplyAdd(f2, q, -low);
        var leading = high + f;
        log = leading + ((f - (leading - high)) - curved);
        return ((r - high) - f) + curved;
    }

    /// <summary>a/b by 1/b, rounded nearly as a division.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Divide(Vector256<double> a, Vector256<double> b, Vector256<double> inverse)
    {
        var quotient = a * inverse;
        return Vector256.FusedMultiplyAdd(Vector256.FusedMultiplyAdd(-quotient, b, a), inverse, quotient);
    }
}
