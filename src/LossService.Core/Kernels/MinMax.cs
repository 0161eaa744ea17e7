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

    /// <summary>The bits of the minimum and the maximum of at least one number of 16 bits, none NaN.</summary>
    /// <remarks>As integers they are in order once the bits below the sign of negative ones are inverted.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (ushort Min, ushort Max) FindOfWords(short* row, int count)
    {
        var (low, high) = (Order(row[0]), Order(row[0]));
        var i = 0;
        if (count >= Vector256<short>.Count)
        {
            var (min, max) = (Vector256.Create(low), Vector256.Create(high));
            for (; i <= count - Vector256<short>.Count; i += Vector256<short>.Count)
            {
                var words = Vector256.Load(row + i);
                words ^= (words >> 15) & Vector256.Create((short)0x7FFF);
                (min, max) = (Vector256.Min(min, words), Vector256.Max(max, words));
            }
            for (var lane = 0; lane < Vector256<short>.Count; lane++)
                (low, high) = (short.Min(low, min[lane]), short.Max(high, max[lane]));
        }
        for (; i < count; i++) (low, high) = (short.Min(low, Order(row[i])), short.Max(high, Order(row[i])));
        return ((ushort)Order(low), (ushort)Order(high));

        static short Order(short bits) => (short)(bits ^ ((bits >> 15) & 0x7FFF));
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
