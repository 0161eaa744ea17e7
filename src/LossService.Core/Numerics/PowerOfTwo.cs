using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Core.Numerics;

/// <summary>Powers of two in steps of 1/16: with them an exponential needs a polynomial only for |r| ≤ ln 2 / 32.</summary>
internal static class PowerOfTwo
{
    /// <summary>16 / ln 2.</summary>
    public const double SixteenthsPerNat = 23.083120654223414;

    /// <summary>
    /// ln 2 / 16 in three parts, to 130 bits: the first two have few enough bits that an integer up to 2¹⁵ times them is exact.
    /// </summary>
    public const double SixteenthHigh = 0.043321698783984175,
        SixteenthMiddle = 1.012406886667498e-12, SixteenthLow = -1.4629961791048896e-24;

    /// <summary>
    /// 1.5·2⁵²: adding it to |x| ≤ 2⁵⁰ rounds x to an integer, and leaves that integer, in two's complement, in the sum's low bits.
    /// </summary>
    public const double Rounder = 6755399441055744.0;

    /// <summary>2^(j/16), j = 0…15, rounded to double.</summary>
    public static ReadOnlySpan<double> Sixteenths =>
    [
        1.0, 1.0442737824274138, 1.0905077326652577, 1.1387886347566916,
        1.189207115002721, 1.241857812073484, 1.2968395546510096, 1.3542555469368927,
        1.4142135623730951, 1.4768261459394993, 1.5422108254079407, 1.6104903319492543,
        1.681792830507429, 1.7562521603732995, 1.8340080864093424, 1.9152065613971474,
    ];

    /// <summary>The rounding errors of <see cref="Sixteenths"/>, rounded to double.</summary>
    public static ReadOnlySpan<double> SixteenthErrors =>
    [
        0.0, 8.551889705537965e-17, -3.046782079812471e-17, 8.912812676025408e-17,
        3.982015231465646e-17, 4.658027591836937e-17, 2.5382502794888315e-17, 7.70094837980299e-17,
        -9.667293313452913e-17, -3.483994556892796e-17, 7.949834809697621e-17, 2.4707192569797888e-17,
        8.199010020581497e-17, 2.960140695448873e-17, 3.283107224245627e-17, -1.0619946056195963e-16,
    ];

    /// <summary>x · 2^⌊e⌋, rounded once (so it underflows gradually), for 2⁻⁵⁰⁰ ≤ |x| ≤ 4 or x = 0, and |e| ≤ 1100.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static Vector256<double> Scale(Vector256<double> x, Vector256<double> e) =>
        Avx512F.VL.IsSupported ? Avx512F.VL.Scale(x, e) : ScaleInHalves(x, e);

    /// <inheritdoc cref="Scale(Vector256{double}, Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Scale(Vector512<double> x, Vector512<double> e) => Avx512F.Scale(x, e);

    /// <summary>
    /// <see cref="Scale(Vector256{double}, Vector256{double})"/> on any machine: two multiplications by powers of two, of which only the
    /// second can round.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<double> ScaleInHalves(Vector256<double> x, Vector256<double> e)
    {
        e = Vector256.Floor(e);
        var half = Vector256.Floor(e * Vector256.Create(-0.5));
        return x * FromNegatedExponent(half) * FromNegatedExponent(-e - half);
    }

    /// <summary>2^−e for whole −1023 ≤ e ≤ 1022, made from its bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> FromNegatedExponent(Vector256<double> e) =>
        // the sum's low bits hold 1023 − e, the biased exponent; the shift moves it into place and drops the rest
        ((Vector256.Create(Rounder + 1023) - e).AsInt64() << 52).AsDouble();

    /// <inheritdoc cref="FromNegatedExponent(Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> FromNegatedExponent(Vector512<double> e) =>
        // the sum's low bits hold 1023 − e, the biased exponent; the shift moves it into place and drops the rest
        ((Vector512.Create(Rounder + 1023) - e).AsInt64() << 52).AsDouble();
}
