using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <content>The same of eight pairs, on processors with AVX-512: by the same operations, so that the bits are the same.</content>
internal static partial class VectorRatio
{
    /// <inheritdoc cref="Compare(Vector256{double}, Vector256{double}, Vector256{double}, out Vector256{double}, out Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Compare(
        Vector512<double> x, Vector512<double> y, Vector512<double> difference, out Vector512<double> log, out Vector512<double> r)
    {
        var one = Vector512<double>.One;
        var inverse = one / x;
        r = Divide(difference, x, inverse);
        var z = LogarithmTable.Reduce(Divide(y, x, inverse), out var e);
        var slot = (z + Vector512.Create(LogarithmTable.Rounder)).AsInt64();
        // z − 1 from r, whose digits the difference r − ln(1 + r) needs; far from x, the quotient has those that matter
        var scale = PowerOfTwo.FromNegatedExponent(e);
        var isNear = Vector512.LessThan(Vector512.Abs(e), Vector512.Create(1.5));
        var (scaled, rest) = (r * scale, scale - one);
        var w = Lanes.Select(isNear, scaled + rest, z - one);
        var wLow = isNear & (scaled - (w - rest));
        var c = LaneTable.Read32(Factors, slot);
        var product = c * w;
        var f = product + (c - one);
        var fLow = Vector512.FusedMultiplyAdd(c, wLow, Vector512.FusedMultiplyAdd(c, w, -product));

        var f2 = f * f;
        // (f − ln(1 + f))/f² for |f| ≤ 1/44; f¹¹/12 is 2⁻⁶³
        var q = Vector512.FusedMultiplyAdd(f, Vector512.Create(-1.0 / 11), Vector512.Create(1.0 / 10));
        q = Vector512.FusedMultiplyAdd(f2, Vector512.Create(1.0 / 12), q);
        q = Vector512.FusedMultiplyAdd(f2, q, Vector512.FusedMultiplyAdd(f, Vector512.Create(-1.0 / 9), Vector512.Create(1.0 / 8)));
        q = Vector512.FusedMultiplyAdd(f2, q, Vector512.FusedMultiplyAdd(f, Vector512.Create(-1.0 / 7), Vector512.Create(1.0 / 6)));
        q = Vector512.FusedMultiplyAdd(f2, q, Vector512.FusedMultiplyAdd(f, Vector512.Create(-1.0 / 5), Vector512.Create(1.0 / 4)));
        q = Vector512.FusedMultiplyAdd(f2, q, Vector512.FusedMultiplyAdd(f, Vector512.Create(-1.0 / 3), Vector512.Create(0.5)));

        var high = Vector512.FusedMultiplyAdd(e, Vector512.Create(LogarithmTable.Ln2High), LaneTable.Read32(Logarithms, slot));
        var low = Vector512.FusedMultiplyAdd(e, Vector512.Create(LogarithmTable.Ln2Middle), fLow);
        // a subnormal number has lost digits, unless nothing depends on it
        var isLost = Vector512.LessThan(y, Vector512.Create(LeastNumber)) & Vector512.LessThan(y, x);
        low = Lanes.Select(isLost, Vector512.Create(double.NaN), low);
        var curved = Vector512.FusedMultiplyAdd(f2, q, -low);
        var leading = high + f;
        log = leading + ((f - (leading - high)) - curved);
        return ((r - high) - f) + curved;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Divide(Vector512<double> a, Vector512<double> b, Vector512<double> inverse)
    {
        var quotient = a * inverse;
        return Vector512.FusedMultiplyAdd(Vector512.FusedMultiplyAdd(-quotient, b, a), inverse, quotient);
    }
}
