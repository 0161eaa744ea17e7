using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Validation;

/// <summary>Whether all numbers of a row are as they must be, four at a time: only where one is not, what is wrong is searched.</summary>
internal static class RangeScan
{
    /// <summary>Whether every number is between two others; NaN is not.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool AreWithin(ReadOnlySpan<double> row, double least, double most)
    {
        ref var first = ref MemoryMarshal.GetReference(row);
        var (low, high) = (Vector256.Create(least), Vector256.Create(most));
        var isWithin = Vector256<double>.AllBitsSet;
        var i = 0;
        for (; i <= row.Length - Vector256<double>.Count; i += Vector256<double>.Count)
        {
            var four = Vector256.LoadUnsafe(ref first, (nuint)i);
            isWithin &= Vector256.GreaterThanOrEqual(four, low) & Vector256.LessThanOrEqual(four, high);
        }
        for (; i < row.Length; i++)
            if (!(row[i] >= least && row[i] <= most)) return false;
        return isWithin.ExtractMostSignificantBits() == 0xF;
    }

    /// <summary>Whether every number is 0 or 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool AreBits(ReadOnlySpan<double> row)
    {
        ref var first = ref MemoryMarshal.GetReference(row);
        var areBits = Vector256<double>.AllBitsSet;
        var i = 0;
        for (; i <= row.Length - Vector256<double>.Count; i += Vector256<double>.Count)
        {
            var four = Vector256.LoadUnsafe(ref first, (nuint)i);
            areBits &= Vector256.Equals(four, Vector256<double>.Zero) | Vector256.Equals(four, Vector256<double>.One);
        }
        for (; i < row.Length; i++)
            if (row[i] is not (0 or 1)) return false;
        return areBits.ExtractMostSignificantBits() == 0xF;
    }
}
