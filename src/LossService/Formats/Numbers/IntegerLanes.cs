using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Formats.Numbers;

/// <summary>Operations on lanes of integers that <see cref="Vector256"/> has not, with AVX2 or without.</summary>
internal static class IntegerLanes
{
    /// <summary>The products of the lower 32 bits of each 64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> Product(Vector256<ulong> a, Vector256<ulong> b) => Avx2.IsSupported
        ? Avx2.Multiply(a.AsUInt32(), b.AsUInt32())
        : (a & Vector256.Create((ulong)uint.MaxValue)) * (b & Vector256.Create((ulong)uint.MaxValue));

    /// <summary>The upper 16 bits of the products of each 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> ProductHigh(Vector256<ushort> a, ushort b)
    {
        if (Avx2.IsSupported) return Avx2.MultiplyHigh(a, Vector256.Create(b));
        var (lower, upper) = Vector256.Widen(a);
        return Vector256.Narrow((lower * b) >> 16, (upper * b) >> 16);
    }

    /// <summary>Even 32 bits of the first, odd 32 bits of the second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Blend(Vector256<ulong> even, Vector256<ulong> odd) => Avx2.IsSupported
        ? Avx2.Blend(even.AsUInt32(), odd.AsUInt32(), 0b1010_1010)
        : Vector256.ConditionalSelect(Vector256.Create((ulong)uint.MaxValue), even, odd).AsUInt32();

    /// <summary>By turns the 16 bits of the lower half of each 128 of the first and of the second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> ZipLower(Vector256<ushort> a, Vector256<ushort> b) => Avx2.IsSupported
        ? Avx2.UnpackLow(a, b).AsUInt64()
        : Zip(a, b, Vector256.Create((ushort)0, 0, 1, 1, 2, 2, 3, 3, 8, 8, 9, 9, 10, 10, 11, 11));

    /// <summary>By turns the 16 bits of the upper half of each 128 of the first and of the second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> ZipUpper(Vector256<ushort> a, Vector256<ushort> b) => Avx2.IsSupported
        ? Avx2.UnpackHigh(a, b).AsUInt64()
        : Zip(a, b, Vector256.Create((ushort)4, 4, 5, 5, 6, 6, 7, 7, 12, 12, 13, 13, 14, 14, 15, 15));

    /// <inheritdoc cref="ZipLower(Vector256{ushort}, Vector256{ushort})"/>
    /// <remarks>For 32 bits.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> ZipLower(Vector256<uint> a, Vector256<uint> b) => Avx2.IsSupported
        ? Avx2.UnpackLow(a, b).AsUInt64()
        : Blend(Vector256.Shuffle(a, Vector256.Create(0u, 0, 1, 1, 4, 4, 5, 5)).AsUInt64(),
            Vector256.Shuffle(b, Vector256.Create(0u, 0, 1, 1, 4, 4, 5, 5)).AsUInt64()).AsUInt64();

    /// <inheritdoc cref="ZipUpper(Vector256{ushort}, Vector256{ushort})"/>
    /// <remarks>For 32 bits.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> ZipUpper(Vector256<uint> a, Vector256<uint> b) => Avx2.IsSupported
        ? Avx2.UnpackHigh(a, b).AsUInt64()
        : Blend(Vector256.Shuffle(a, Vector256.Create(2u, 2, 3, 3, 6, 6, 7, 7)).AsUInt64(),
            Vector256.Shuffle(b, Vector256.Create(2u, 2, 3, 3, 6, 6, 7, 7)).AsUInt64()).AsUInt64();

    /// <summary>The first and third 64 bits of the first, each before that of the second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> ZipLower(Vector256<ulong> a, Vector256<ulong> b) => Avx2.IsSupported
        ? Avx2.UnpackLow(a, b)
        : Vector256.Create(a.GetElement(0), b.GetElement(0), a.GetElement(2), b.GetElement(2));

    /// <summary>The second and fourth 64 bits of the first, each before that of the second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> ZipUpper(Vector256<ulong> a, Vector256<ulong> b) => Avx2.IsSupported
        ? Avx2.UnpackHigh(a, b)
        : Vector256.Create(a.GetElement(1), b.GetElement(1), a.GetElement(3), b.GetElement(3));

    private static Vector256<ulong> Zip(Vector256<ushort> a, Vector256<ushort> b, Vector256<ushort> index) => Vector256.ConditionalSelect(
        Vector256.Create((uint)ushort.MaxValue), Vector256.Shuffle(a, index).AsUInt32(), Vector256.Shuffle(b, index).AsUInt32()).AsUInt64();
}
