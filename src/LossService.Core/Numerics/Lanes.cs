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
        get => Avx512BW.IsSupported;
    }

    /// <summary>Lane by lane: <paramref name="a"/> where the mask's bits are set, else <paramref name="b"/>.</summary>
    /// <remarks>One instruction, where the framework's takes three for a mask that was not compared just before.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static Vector256<double> Select(Vector256<double> mask, Vector256<double> a, Vector256<double> b) =>
        Avx.IsSupported ? Avx.BlendVariable(b, a, mask) : Vector256.ConditionalSelect(mask, a, b);

    /// <inheritdoc cref="Select(Vector256{double}, Vector256{double}, Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static Vector512<double> Select(Vector512<double> mask, Vector512<double> a, Vector512<double> b) =>
        Vector512.ConditionalSelect(mask, a, b);

    /// <summary>Transposes a square of four vectors: lane j of vector i becomes lane i of vector j.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(ref Vector256<double> a, ref Vector256<double> b, ref Vector256<double> c, ref Vector256<double> d)
    {
        if (!Avx.IsSupported)
        {
            (a, b, c, d) = (Vector256.Create(a[0], b[0], c[0], d[0]), Vector256.Create(a[1], b[1], c[1], d[1]),
                Vector256.Create(a[2], b[2], c[2], d[2]), Vector256.Create(a[3], b[3], c[3], d[3]));
            return;
        }
        var (abLow, abHigh) = (Avx.UnpackLow(a, b), Avx.UnpackHigh(a, b));
        var (cdLow, cdHigh) = (Avx.UnpackLow(c, d), Avx.UnpackHigh(c, d));
        (a, b) = (Avx.Permute2x128(abLow, cdLow, 0x20), Avx.Permute2x128(abHigh, cdHigh, 0x20));
        (c, d) = (Avx.Permute2x128(abLow, cdLow, 0x31), Avx.Permute2x128(abHigh, cdHigh, 0x31));
    }

    /// <summary>All bits set in the lane with that number; no bits set where it is not 0 to 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<double> LaneIs(int lane) =>
        Vector256.Equals(Vector256.Create(0.0, 1, 2, 3), Vector256.Create((double)lane));

    /// <summary>The length of a row of <paramref name="count"/> elements with its padding.</summary>
    public static int Padded(int count) => (count + Width - 1) & -Width;
}
