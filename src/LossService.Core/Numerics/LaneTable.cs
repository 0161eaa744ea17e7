using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Core.Numerics;

/// <summary>
/// Reads one entry of a small table for each lane: by register permutes where the machine has AVX-512, by loads elsewhere, with the
/// same result.
/// </summary>
internal static class LaneTable
{
    /// <summary>table[index mod 16] in each lane; the table has 16 entries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Read16(ReadOnlySpan<double> table, Vector512<long> index) =>
        Avx512F.IsSupported ? Permute(table, 0, index) : Load(table, index & Vector512.Create(15L));

    /// <summary>table[index mod 32] in each lane; the table has 32 entries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Read32(ReadOnlySpan<double> table, Vector512<long> index)
    {
        if (!Avx512F.IsSupported) return Load(table, index & Vector512.Create(31L));
        var upperHalf = Vector512.Equals(index & Vector512.Create(16L), Vector512.Create(16L)).AsDouble();
        return Vector512.ConditionalSelect(upperHalf, Permute(table, 16, index), Permute(table, 0, index));
    }

    /// <summary>The portable way: table[index] in each lane; every index must be inside the table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> Load(ReadOnlySpan<double> table, Vector512<long> index)
    {
        ref var first = ref MemoryMarshal.GetReference(table);
        return Vector512.Create(Load(ref first, index.GetLower()), Load(ref first, index.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Load(ref double first, Vector256<long> index) => Vector256.Create(
        Unsafe.Add(ref first, (nint)index[0]), Unsafe.Add(ref first, (nint)index[1]),
        Unsafe.Add(ref first, (nint)index[2]), Unsafe.Add(ref first, (nint)index[3]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Permute(ReadOnlySpan<double> table, nuint start, Vector512<long> index)
    {
        ref var first = ref MemoryMarshal.GetReference(table);
        return Avx512F.PermuteVar8x64x2(
            Vector512.LoadUnsafe(ref first, start), index, Vector512.LoadUnsafe(ref first, start + 8));
    }
}
