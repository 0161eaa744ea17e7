using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <content>
/// The four operations. With u = 2⁻⁵³, the relative error is at most 3u² for + and −, 4u² for ×, 11u² for ÷, and about 2u² where one
/// operand is a double. The algorithms are those of Joldes, Muller and Popescu, "Tight and rigorous error bounds for basic building
/// blocks of double-word arithmetic", ACM TOMS 44(2), 2017, on Knuth's TwoSum and the TwoProd by fused multiply-add.
/// </content>
internal readonly partial struct Dd
{
    /// <summary>a + b of doubles, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd Sum(Vector256<double> a, Vector256<double> b)
    {
        var s = a + b;
        var bRounded = s - a;
        var error = (a - (s - bRounded)) + (b - bRounded);
        return new(s, error & Finite(error)); // where s is not finite, its error is meaningless
    }

    /// <summary>a − b of doubles, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd Difference(Vector256<double> a, Vector256<double> b) => Sum(a, -b);

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static Dd operator -(Dd a) => new(-a.Hi, -a.Lo);

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static Dd operator +(Dd a, Dd b)
    {
        var s = a.Hi + b.Hi;
        var bRounded = s - a.Hi;
        var sError = (a.Hi - (s - bRounded)) + (b.Hi - bRounded);
        var t = a.Lo + b.Lo;
        bRounded = t - a.Lo;
        var tError = (a.Lo - (t - bRounded)) + (b.Lo - bRounded);
        var c = sError + t;
        var v = s + c;
        return Renormalize(v, tError + (c - (v - s)), s);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static Dd operator +(Dd a, Vector256<double> b)
    {
        var s = a.Hi + b;
        var bRounded = s - a.Hi;
        var sError = (a.Hi - (s - bRounded)) + (b - bRounded);
        return Renormalize(s, a.Lo + sError, s);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static Dd operator -(Dd a, Dd b) => a + -b;

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static Dd operator -(Dd a, Vector256<double> b) => a + -b;

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static Dd operator *(Dd a, Dd b)
    {
        var p = a.Hi * b.Hi;
        var low = Vector256.FusedMultiplyAdd(a.Hi, b.Lo, a.Lo * b.Lo);
        low = Vector256.FusedMultiplyAdd(a.Lo, b.Hi, low);
        return Renormalize(p, Vector256.FusedMultiplyAdd(a.Hi, b.Hi, -p) + low, p);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static Dd operator *(Dd a, Vector256<double> b)
    {
        var p = a.Hi * b;
        return Renormalize(p, Vector256.FusedMultiplyAdd(a.Lo, b, Vector256.FusedMultiplyAdd(a.Hi, b, -p)), p);
    }

    /// <remarks>The remainder of the first quotient is exact, so one correction is enough.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static Dd operator /(Dd a, Dd b)
    {
        var q = a.Hi / b.Hi;
        var remainder = Vector256.FusedMultiplyAdd(-q, b.Hi, a.Hi) + Vector256.FusedMultiplyAdd(-q, b.Lo, a.Lo);
        return Renormalize(q, remainder / b.Hi, q);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static Dd operator /(Dd a, Vector256<double> b)
    {
        var q = a.Hi / b;
        return Renormalize(q, (Vector256.FusedMultiplyAdd(-q, b, a.Hi) + a.Lo) / b, q);
    }

    /// <summary>a/b, but 0 where b = 0: for a quotient whose other factor is 0 there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd DivideOrZero(Dd a, Dd b) => Select(b.IsZero, Zero, a / b);

    /// <summary>a², with one rounding error less than a × a.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd Square(Dd a)
    {
        var p = a.Hi * a.Hi;
        var low = Vector256.FusedMultiplyAdd(a.Hi + a.Hi, a.Lo, a.Lo * a.Lo);
        return Renormalize(p, Vector256.FusedMultiplyAdd(a.Hi, a.Hi, -p) + low, p);
    }

    /// <summary>hi + lo for |hi| ≥ |lo|, normalised; where that is not finite, the IEEE result and no low part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    private static Dd Renormalize(Vector256<double> hi, Vector256<double> lo, Vector256<double> ieee)
    {
        var s = hi + lo;
        var error = lo - (s - hi);
        var finite = Finite(error);
        return new(Lanes.Select(finite, s, ieee), error & finite);
    }
}
