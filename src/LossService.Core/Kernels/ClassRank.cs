using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>The place of a class in the order of a row: the larger logit first, of equals the lower index.</summary>
internal static unsafe class ClassRank
{
    /// <summary>How many classes come before y; no logit is NaN.</summary>
    /// <param name="z">The logits.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="y">The class.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int CountBefore<TElement>(TElement* z, int classes, int y) where TElement : unmanaged, IStoredFloat<TElement>
    {
        var (larger, equal) = typeof(TElement) == typeof(StoredFloat32)
            ? Compare((float*)z, classes, y) : Compare<TElement>(z, classes, y);
        // most often the class alone is equal to itself
        if (equal == 1) return larger;
        var own = TElement.ToDouble(z[y]);
        for (var c = 0; c < y; c++)
            if (TElement.ToDouble(z[c]) == own) larger++;
        return larger;
    }

    /// <summary>How many logits are larger than that of y, and how many are equal to it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (int Larger, int Equal) Compare(float* z, int classes, int y)
    {
        var own = Vector256.Create(z[y]);
        // a mask is −1 in each lane that it has
        var (larger, equal, c) = (Vector256<int>.Zero, Vector256<int>.Zero, 0);
        for (; c <= classes - Vector256<float>.Count; c += Vector256<float>.Count)
        {
            var block = Vector256.Load(z + c);
            larger -= Vector256.GreaterThan(block, own).AsInt32();
            equal -= Vector256.Equals(block, own).AsInt32();
        }
        var (more, same) = (Vector256.Sum(larger), Vector256.Sum(equal));
        for (; c < classes; c++)
        {
            more += z[c] > z[y] ? 1 : 0;
            same += z[c] == z[y] ? 1 : 0;
        }
        return (more, same);
    }

    /// <inheritdoc cref="Compare(float*, int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (int Larger, int Equal) Compare<TElement>(TElement* z, int classes, int y)
        where TElement : unmanaged, IStoredFloat<TElement>
    {
        var own = Vector256.Create(TElement.ToDouble(z[y]));
        var (larger, equal, c) = (Vector256<long>.Zero, Vector256<long>.Zero, 0);
        for (; c <= classes - Lanes.Width; c += Lanes.Width)
        {
            var block = TElement.Load(z + c);
            larger -= Vector256.GreaterThan(block, own).AsInt64();
            equal -= Vector256.Equals(block, own).AsInt64();
        }
        var (more, same) = ((int)Vector256.Sum(larger), (int)Vector256.Sum(equal));
        for (; c < classes; c++)
        {
            var logit = TElement.ToDouble(z[c]);
            more += logit > own[0] ? 1 : 0;
            same += logit == own[0] ? 1 : 0;
        }
        return (more, same);
    }
}
