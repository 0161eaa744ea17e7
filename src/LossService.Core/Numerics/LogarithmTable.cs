using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>
/// Reciprocals and logarithms of 23 points across an octave: with them a logarithm needs a series only for |f| ≤ 1/44. Slot j mod 32
/// belongs to the point j/32, j = 22…44; the slots between are not read for a finite argument.
/// </summary>
/// <remarks>
/// The logarithms, and ln 2, are in three parts: multiples of 2⁻⁴² and of 2⁻⁸⁴, and a rest. So the first two parts of
/// e·ln 2 + ln(point) are exact for every exponent e of a double.
/// </remarks>
internal static class LogarithmTable
{
    // the bits of 11/16, the lower end of the octave; and a bias of 1024, so that exponents are handled unsigned
    private const long OctaveStart = 0x3FE6_0000_0000_0000, Bias = 1024;

    /// <summary>1.5·2⁴⁷: adding it to z leaves ⌊32z⌉ in the sum's low bits.</summary>
    public const double Rounder = 211106232532992.0;

    /// <summary>ln 2 in three parts.</summary>
    public const double Ln2High = 0.6931471805598903, Ln2Middle = 5.49792301870721e-14, Ln2Low = 1.1612227229362532e-26;

    /// <summary>The z in [11/16, 11/8) and the whole e with x = 2ᵉ·z, for positive normal x.</summary>
    /// <remarks>Without 64-bit arithmetic shifts and integer conversions, which AVX2 does not have.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Reduce(Vector256<double> x, out Vector256<double> e)
    {
        var biased = (x.AsInt64() - Vector256.Create(OctaveStart - (Bias << 52))) >>> 52;
        // an integer i below 2⁵² in the low bits of the double 2⁵² makes it 2⁵² + i
        var two52 = Vector256.Create(4503599627370496.0);
        e = (two52.AsInt64() | biased).AsDouble() - (two52 + Vector256.Create((double)Bias));
        return (x.AsInt64() - ((biased - Vector256.Create(Bias)) << 52)).AsDouble();
    }

    /// <inheritdoc cref="Reduce(Vector256{double}, out Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Reduce(Vector512<double> x, out Vector512<double> e)
    {
        var biased = (x.AsInt64() - Vector512.Create(OctaveStart - (Bias << 52))) >>> 52;
        // an integer i below 2⁵² in the low bits of the double 2⁵² makes it 2⁵² + i
        var two52 = Vector512.Create(4503599627370496.0);
        e = (two52.AsInt64() | biased).AsDouble() - (two52 + Vector512.Create((double)Bias));
        return (x.AsInt64() - ((biased - Vector512.Create(Bias)) << 52)).AsDouble();
    }

    /// <summary>32/j rounded to double: the factor that brings z near 1.</summary>
    public static ReadOnlySpan<double> Reciprocals =>
    [
        1.0, 0.9696969696969697, 0.9411764705882353, 0.9142857142857143,
        0.8888888888888888, 0.8648648648648649, 0.8421052631578947, 0.8205128205128205,
        0.8, 0.7804878048780488, 0.7619047619047619, 0.7441860465116279,
        0.7272727272727273, 1.0, 1.0, 1.0,
        1.0, 1.0, 1.0, 1.0,
        1.0, 1.0, 1.4545454545454546, 1.391304347826087,
        1.3333333333333333, 1.28, 1.2307692307692308, 1.1851851851851851,
        1.1428571428571428, 1.103448275862069, 1.0666666666666667, 1.032258064516129,
    ];

    /// <summary>−ln of the reciprocal as rounded, to the nearest multiple of 2⁻⁴².</summary>
    public static ReadOnlySpan<double> High =>
    [
        0.0, 0.03077165866670839, 0.06062462181648698, 0.08961215868976069,
        0.11778303565643, 0.14518200984457508, 0.17185025692674571, 0.19782574332998593,
        0.22314355131425145, 0.2478361639045943, 0.2719337154835557, 0.2954642128938758,
        0.31845373111855224, 0.0, 0.0, 0.0,
        0.0, 0.0, 0.0, 0.0,
        0.0, 0.0, -0.3746934494413381, -0.33024168687052224,
        -0.28768207245184385, -0.2468600779316148, -0.20763936477828793, -0.16989903679541385,
        -0.13353139262449076, -0.09844007281321865, -0.0645385211375924, -0.03174869831468641,
    ];

    /// <summary>The rounding error of <see cref="High"/>, to the nearest multiple of 2⁻⁸⁴.</summary>
    public static ReadOnlySpan<double> Middle =>
    [
        0.0, 4.527038700227768e-14, -5.212232860353369e-14, -7.352647717176308e-14,
        -4.649178632475281e-14, -7.723552451951876e-14, -8.643688492090255e-14, -6.601075430128634e-14,
        -4.175347699649642e-14, -1.3064491642803753e-14, 8.609857887929996e-14, -3.992028605605149e-14,
        -1.7653186887784416e-14, 0.0, 0.0, 0.0,
        0.0, 0.0, 0.0, 0.0,
        0.0, 0.0, -7.263241707485652e-14, -5.4584388914292716e-14,
        6.297908504129335e-14, 8.897769688391791e-14, 4.336991144400903e-14, 1.6431787565309286e-14,
        -3.180422519783424e-14, -3.385736324142092e-14, 2.1239485832604748e-14, 1.0613428292784007e-13,
    ];

    /// <summary>The rounding error of <see cref="Middle"/>, rounded to double.</summary>
    public static ReadOnlySpan<double> Low =>
    [
        0.0, 1.5978335384924472e-26, -2.3533811212673838e-26, -1.9625591138553806e-26,
        -3.787198556080877e-28, 6.511947551877785e-27, 1.3104671268755188e-26, -1.7955204506212154e-26,
        -6.790540235413055e-27, -2.444632322744632e-26, 1.8631098749633503e-26, -1.9133011315714803e-26,
        -3.875584444500356e-27, 0.0, 0.0, 0.0,
        0.0, 0.0, 0.0, 0.0,
        0.0, 0.0, -1.548781167386289e-26, -1.1873352534752742e-26,
        1.9853921370168784e-26, -2.5193310565009436e-26, 2.277437658455564e-27, 1.947519997381674e-26,
        -1.2835048309153856e-26, -1.2682375897925669e-26, 1.3063378149564313e-26, 1.6428212795928977e-26,
    ];
}
