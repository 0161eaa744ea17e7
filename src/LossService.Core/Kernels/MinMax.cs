using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Kernels;

/// <summary>The least and the largest of a row, in the type it is stored in: half the work of widening it first.</summary>
internal static unsafe class MinMax
{
    /// <summary>Both, of at least one number, none NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (T Min, T Max) Find<T>(T* row, int count) where T : unmanaged, IFloatingPointIeee754<T>
    {
        // the last vector may overlap the one before: an extreme does not mind
        if (count >= Vector512<T>.Count)
        {
            var last = count - Vector512<T>.Count;
            var least = Vector512.Load(row + last);
            var (largest, otherLeast, otherLargest) = (least, least, least);
            // two of each, since one would wait for itself
            for (var i = 0; i < last; i += 2 * Vector512<T>.Count)
            {
                var (one, other) = (Vector512.Load(row + i), Vector512.Load(row + Math.Min(i + Vector512<T>.Count, last)));
                (least, otherLeast) = (Vector512.MinNative(least, one), Vector512.MinNative(otherLeast, other));
                (largest, otherLargest) = (Vector512.MaxNative(largest, one), Vector512.MaxNative(otherLargest, other));
            }
            least = Vector512.MinNative(least, otherLeast);
            largest = Vector512.MaxNative(largest, otherLargest);
            return OfLanes(Vector256.MinNative(least.GetLower(), least.GetUpper()), Vector256.MaxNative(largest.GetLower(), largest.GetUpper()));
        }
        if (count >= Vector256<T>.Count)
        {
            var (one, other) = (Vector256.Load(row), Vector256.Load(row + count - Vector256<T>.Count));
            return OfLanes(Vector256.MinNative(one, other), Vector256.MaxNative(one, other));
        }
        var (low, high) = (row[0], row[0]);
        for (var i = 1; i < count; i++) (low, high) = (T.MinNative(low, row[i]), T.MaxNative(high, row[i]));
        return (low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (T Min, T Max) OfLanes<T>(Vector256<T> least, Vector256<T> largest) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var low = Vector128.MinNative(least.GetLower(), least.GetUpper());
        var high = Vector128.MaxNative(largest.GetLower(), largest.GetUpper());
        var (lowest, highest) = (low[0], high[0]);
        for (var i = 1; i < Vector128<T>.Count; i++) (lowest, highest) = (T.MinNative(lowest, low[i]), T.MaxNative(highest, high[i]));
        return (lowest, highest);
    }
}
