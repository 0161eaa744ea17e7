using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>ln(y/x), and r − ln(1 + r) with r = (y − x)/x, of four pairs of doubles whose differences are given.</summary>
/// <remarks>
/// By one logarithm, of y/x, whose error is that of the ratio and not that of two logarithms; where y is near x, by a series. With
/// s = r/(2 + r), ln(1 + r) = 2s + s·R and r − ln(1 + r) = s·(r − R), R = ⅔s² + ⅖s⁴ + … (2s²⁰/21 is 2⁻⁶³). Within 4 ulp (the bound of the
/// tests) for positive x and y and exact differences.
/// </remarks>
internal static class VectorRatio
{
    /// <summary>The |s| from which the logarithm is used: there r − ln(1 + r) loses three bits.</summary>
    private const double Near = 1.0 / 8;

    private const double LeastNumber = 1e-290;

    /// <summary>Compares; NaN where y is below 1e-290 and x is larger.</summary>
    /// <param name="x">x, above 0.</param>
    /// <param name="y">y, above 0.</param>
    /// <param name="difference">y − x.</param>
    /// <param name="log">ln(y/x).</param>
    /// <returns>r − ln(1 + r).</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Compare(
        Vector256<double> x, Vector256<double> y, Vector256<double> difference, out Vector256<double> log)
    {
        var r = difference / x;
        var s = difference / (x + y);
        var s2 = s * s;
        var series = Vector256.FusedMultiplyAdd(s2, Vector256.Create(2.0 / 19), Vector256.Create(2.0 / 17));
        series = Vector256.FusedMultiplyAdd(s2, series, Vector256.Create(2.0 / 15));
        series = Vector256.FusedMultiplyAdd(s2, series, Vector256.Create(2.0 / 13));
        series = Vector256.FusedMultiplyAdd(s2, series, Vector256.Create(2.0 / 11));
        series = Vector256.FusedMultiplyAdd(s2, series, Vector256.Create(2.0 / 9));
        series = Vector256.FusedMultiplyAdd(s2, series, Vector256.Create(2.0 / 7));
        series = Vector256.FusedMultiplyAdd(s2, series, Vector256.Create(2.0 / 5));
        series = Vector256.FusedMultiplyAdd(s2, series, Vector256.Create(2.0 / 3)) * s2;
        var isNear = Vector256.LessThan(Vector256.Abs(s), Vector256.Create(Near));
        // a subnormal number has lost digits, unless nothing depends on it
        var isLost = Vector256.LessThan(y, Vector256.Create(LeastNumber)) & Vector256.LessThan(y, x);
        var far = Lanes.Select(isLost, Vector256.Create(double.NaN), VectorMath.Log(y / x));
        var excess = Lanes.Select(isNear, s * (r - series), r - far);
        log = Lanes.Select(isNear, r - excess, far);
        return excess;
    }
}
