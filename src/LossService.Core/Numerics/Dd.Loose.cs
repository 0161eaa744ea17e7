using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <content>
/// Shortcuts inside <c>Exp</c> and <c>Log</c>, where every value is finite and of a known size. Their results may overlap by a few
/// bits (|Lo| up to some ulps of Hi) and are never returned to a caller.
/// </content>
internal readonly partial struct Dd
{
    /// <summary>a + b for |a| ≥ |b| or a = 0, overlapping.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    private static Dd LooseSum(Dd a, Dd b)
    {
        var s = a.Hi + b.Hi;
        return new(s, (b.Hi - (s - a.Hi)) + (a.Lo + b.Lo));
    }

    /// <summary>hi + lo for |hi| ≥ |lo| or hi = 0, exactly (Dekker).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Dd FastTwoSum(Vector256<double> hi, Vector256<double> lo)
    {
        var s = hi + lo;
        return new(s, lo - (s - hi));
    }

    /// <summary>a × b, overlapping.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    private static Dd LooseProduct(Dd a, Dd b)
    {
        var p = a.Hi * b.Hi;
        var low = Vector256.FusedMultiplyAdd(a.Hi, b.Hi, -p);
        low = Vector256.FusedMultiplyAdd(a.Hi, b.Lo, low);
        return new(p, Vector256.FusedMultiplyAdd(a.Lo, b.Hi, low));
    }

    /// <summary>One Horner step, c + r·a for |c| ≥ |r·a|, overlapping.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Dd Horner(Dd r, Dd a, double cHi, double cLo)
    {
        var product = LooseProduct(r, a);
        var c = Vector256.Create(cHi);
        var s = c + product.Hi;
        return new(s, (product.Hi - (s - c)) + (product.Lo + Vector256.Create(cLo)));
    }
}
