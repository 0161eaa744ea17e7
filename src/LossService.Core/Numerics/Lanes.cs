using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Core.Numerics;

/// <summary>The lanes that numbers are processed in: those of a vector of four doubles.</summary>
internal static class Lanes
{
    /// <summary>The doubles of a vector, on every machine.</summary>
    public const int Width = 4;

    /// <summary>The doubles of the widest vector of a processor with AVX-512.</summary>
    public const int Most = 8;

    /// <summary>Whether the processor computes in so many lanes.</summary>
    public static bool HasMost
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Avx512F.IsSupported;
    }

    /// <summary>Lane by lane: <paramref name="a"/> where the mask's bits are set, else <paramref name="b"/>.</summary>
    /// <remarks>One instruction, where the framework's takes three for a mask that was not compared just before.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Select(Vector256<double> mask, Vector256<double> a, Vector256<double> b) =>
        Avx.IsSupported ? Avx.BlendVariable(b, a, mask) : Vector256.ConditionalSelect(mask, a, b);

    /// <inheritdoc cref="Select(Vector256{double}, Vector256{double}, Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Select(Vector512<double> mask, Vector512<double> a, Vector512<double> b) =>
        Vector512.ConditionalSelect(mask, a, b);

    /// <summary>All bits set in the lane with that number; no bits set where it is not 0 to 3.</summary>
    public static Vector256<double> LaneIs(int lane) =>
        Vector256.Equals(Vector256.Create(0.0, 1, 2, 3), Vector256.Create((double)lane));

    /// <summary>The length of a row of <paramref name="count"/> elements with its padding.</summary>
    public static int Padded(int count) => (count + Width - 1) & -Width;
}
