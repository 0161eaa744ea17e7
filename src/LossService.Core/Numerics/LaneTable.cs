using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Core.Numerics;

/// <summary>
/// Reads one entry of a small table for each lane: by register permutes where the machine has AVX-512, by a gather where it has AVX2, by
/// loads elsewhere, with the same result.
/// </summary>
internal static unsafe class LaneTable
{
    /// <summary>table[index mod 16] in each lane; the table has 16 entries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Read16(ReadOnlySpan<double> table, Vector256<long> index) =>
        Avx512F.IsSupported ? Permute(table, 0, index) : Read(table, index & Vector256.Create(15L));

    /// <summary>The same in eight lanes, on a processor with AVX-512.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Read16(ReadOnlySpan<double> table, Vector512<long> index)
    {
        ref var first = ref MemoryMarshal.GetReference(table);
        return Avx512F.PermuteVar8x64x2(Vector512.LoadUnsafe(ref first), index, Vector512.LoadUnsafe(ref first, 8));
    }

    /// <summary>table[index mod 32] in each lane; the table has 32 entries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Read32(ReadOnlySpan<double> table, Vector256<long> index)
    {
        if (!Avx512F.IsSupported) return Read(table, index & Vector256.Create(31L));
        var upperHalf = Vector256.Equals(index & Vector256.Create(16L), Vector256.Create(16L)).AsDouble();
        return Vector256.ConditionalSelect(upperHalf, Permute(table, 16, index), Permute(table, 0, index));
    }

    /// <summary>The same in eight lanes, on a processor with AVX-512.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Read32(ReadOnlySpan<double> table, Vector512<long> index)
    {
        ref var first = ref MemoryMarshal.GetReference(table);
        var lower = Avx512F.PermuteVar8x64x2(Vector512.LoadUnsafe(ref first), index, Vector512.LoadUnsafe(ref first, 8));
        var upper = Avx512F.PermuteVar8x64x2(Vector512.LoadUnsafe(ref first, 16), index, Vector512.LoadUnsafe(ref first, 24));
        var isUpper = Vector512.Equals(index & Vector512.Create(16L), Vector512.Create(16L)).AsDouble();
        return Vector512.ConditionalSelect(isUpper, upper, lower);
    }

    /// <remarks>The tables are constants of the assembly, which do not move.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Read(ReadOnlySpan<double> table, Vector256<long> index) => Avx2.IsSupported
        ? Avx2.GatherVector256((double*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(table)), index, sizeof(double))
        : Load(table, index);

    /// <summary>The portable way: table[index] in each lane; every index must be inside the table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<double> Load(ReadOnlySpan<double> table, Vector256<long> index) =>
        Vector256.Create(table[(int)index[0]], table[(int)index[1]], table[(int)index[2]], table[(int)index[3]]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Permute(ReadOnlySpan<double> table, nuint start, Vector256<long> index)
    {
        ref var first = ref MemoryMarshal.GetReference(table);
        return Avx512F.PermuteVar8x64x2(
            Vector512.LoadUnsafe(ref first, start), index.ToVector512Unsafe(), Vector512.LoadUnsafe(ref first, start + 8)).GetLower();
    }
}
