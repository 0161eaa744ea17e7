using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>The order of a row's classes: the larger first, of equals the lower index.</summary>
internal static class Ranking
{
    /// <summary>The index of the largest value; any index where one is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int FindMax(ReadOnlySpan<double> values)
    {
        ref var first = ref MemoryMarshal.GetReference(values);
        var max = values[0];
        if (values.Length >= Lanes.Width)
        {
            // the last vector may overlap the one before
            var last = values.Length - Lanes.Width;
            var largest = Vector256.LoadUnsafe(ref first, (nuint)last);
            for (var c = 0; c < last; c += Lanes.Width)
                largest = Vector256.MaxNative(largest, Vector256.LoadUnsafe(ref first, (nuint)c));
            for (var lane = 0; lane < Lanes.Width; lane++) max = Math.Max(max, largest[lane]);
        }
        else
        {
            foreach (var value in values) max = Math.Max(max, value);
        }
        // the framework's search goes number by number
        var all = Vector256.Create(max);
        var start = 0;
        for (; start <= values.Length - Lanes.Width; start += Lanes.Width)
        {
            var equal = Vector256.Equals(Vector256.LoadUnsafe(ref first, (nuint)start), all).ExtractMostSignificantBits();
            if (equal != 0) return start + BitOperations.TrailingZeroCount(equal);
        }
        return start + Math.Max(values[start..].IndexOf(max), -start);
    }

    /// <summary>How many classes come before <paramref name="label"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int CountBefore(ReadOnlySpan<double> values, int label)
    {
        ref var first = ref MemoryMarshal.GetReference(values);
        var own = Vector256.Create(values[label]);
        var (count, c) = (0, 0);
        for (; c <= values.Length - Lanes.Width; c += Lanes.Width)
        {
            var block = Vector256.LoadUnsafe(ref first, (nuint)c);
            // up to the label's own block, equals come before, too
            var before = c + Lanes.Width <= label ? Vector256.GreaterThanOrEqual(block, own) : Vector256.GreaterThan(block, own);
            count += BitOperations.PopCount(before.ExtractMostSignificantBits());
        }
        var rest = c;
        for (; c < values.Length; c++)
            if (values[c] > values[label]) count++;
        for (c = Math.Min(rest, label & -Lanes.Width); c < label; c++)
            if (values[c] == values[label]) count++;
        return count;
    }
}
