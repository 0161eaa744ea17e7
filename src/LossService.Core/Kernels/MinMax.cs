using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Kernels;

/// <summary>The minimum and the maximum of a row, in its stored type: half the work of widening it first.</summary>
internal static unsafe class MinMax
{
    /// <summary>The minimum and the maximum of at least one number, none NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (T Min, T Max) Find<T>(T* row, int count) where T : unmanaged, IFloatingPointIeee754<T>
    {
        // the last vector may overlap the one before: min and max of an element taken twice are the same
        if (count >= Vector256<T>.Count)
        {
            var last = count - Vector256<T>.Count;
            var min = Vector256.Load(row + last);
            var (max, otherMin, otherMax) = (min, min, min);
            // two of each: a single one would be a chain of dependent operations
            for (var i = 0; i < last; i += 2 * Vector256<T>.Count)
            {
                var (one, other) = (Vector256.Load(row + i), Vector256.Load(row + Math.Min(i + Vector256<T>.Count, last)));
                (min, otherMin) = (Vector256.MinNative(min, one), Vector256.MinNative(otherMin, other));
                (max, otherMax) = (Vector256.MaxNative(max, one), Vector256.MaxNative(otherMax, other));
            }
            return Reduce(Vector256.MinNative(min, otherMin), Vector256.MaxNative(max, otherMax));
        }
        var (low, high) = (row[0], row[0]);
        for (var i = 1; i < count; i++) (low, high) = (T.MinNative(low, row[i]), T.MaxNative(high, row[i]));
        return (low, high);
    }

    /// <summary>The first of the numbers that has a value; one has.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int IndexOf<T>(T* row, int count, T value) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var (values, i) = (Vector256.Create(value), 0);
        for (; i <= count - Vector256<T>.Count; i += Vector256<T>.Count)
        {
            var equal = Vector256.Equals(Vector256.Load(row + i), values).ExtractMostSignificantBits();
            if (equal != 0) return i + BitOperations.TrailingZeroCount(equal);
        }
        for (; i < count; i++)
            if (row[i] == value) return i;
        throw new UnreachableException();
    }

    /// <summary>The bits of the minimum and the maximum of at least one number of 16 bits, none NaN.</summary>
    /// <remarks>
    /// The words of numbers from 0 up are in order as integers, those of negative ones in the opposite order above them, when unsigned.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (ushort Min, ushort Max) FindOfWords(ushort* row, int count)
    {
        var (largest, signedLargest) = (row[0], (short)row[0]);
        var i = 0;
        if (count >= Vector256<ushort>.Count)
        {
            var (max, signedMax) = (Vector256.Create(largest), Vector256.Create(signedLargest));
            for (; i <= count - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
            {
                var words = Vector256.Load(row + i);
                (max, signedMax) = (Vector256.Max(max, words), Vector256.Max(signedMax, words.AsInt16()));
            }
            for (var lane = 0; lane < Vector256<ushort>.Count; lane++)
                (largest, signedLargest) = (ushort.Max(largest, max[lane]), short.Max(signedLargest, signedMax[lane]));
        }
        for (; i < count; i++)
            (largest, signedLargest) = (ushort.Max(largest, row[i]), short.Max(signedLargest, (short)row[i]));
        // with numbers of either sign, the largest word is that of the minimum
        return signedLargest < 0 ? (largest, FindLeastWord(row, count))
            : largest < 0x8000 ? (FindLeastWord(row, count), largest) : (largest, (ushort)signedLargest);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ushort FindLeastWord(ushort* row, int count)
    {
        var (least, i) = (row[0], 0);
        if (count >= Vector256<ushort>.Count)
        {
            var min = Vector256.Create(least);
            for (; i <= count - Vector256<ushort>.Count; i += Vector256<ushort>.Count) min = Vector256.Min(min, Vector256.Load(row + i));
            for (var lane = 0; lane < Vector256<ushort>.Count; lane++) least = ushort.Min(least, min[lane]);
        }
        for (; i < count; i++) least = ushort.Min(least, row[i]);
        return least;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (T Min, T Max) Reduce<T>(Vector256<T> mins, Vector256<T> maxs) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var low = Vector128.MinNative(mins.GetLower(), mins.GetUpper());
        var high = Vector128.MaxNative(maxs.GetLower(), maxs.GetUpper());
        var (min, max) = (low[0], high[0]);
        for (var i = 1; i < Vector128<T>.Count; i++) (min, max) = (T.MinNative(min, low[i]), T.MaxNative(max, high[i]));
        return (min, max);
    }
}
