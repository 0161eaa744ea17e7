using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>
/// Transposes four short rows of float32 or of 16 bits: to a vector of four float32 for each class, and back. With AVX-512 sixteen and
/// eight classes at a time, else four; the last ones may overlap those before. The extremes come from the registers, so that nothing is
/// read twice.
/// </summary>
internal static unsafe class FloatColumns
{
    /// <summary>The fewest classes that can be transposed.</summary>
    public const int MinClasses = 4;

    /// <summary>The fewest classes that <see cref="WriteEights"/> takes.</summary>
    public const int MinWritten = 2 * Four;

    private const int Four = Lanes.Width, Eight = 2 * Four, Sixteen = 4 * Four;

    /// <summary>Stores numbers, none NaN, class by class, and returns each row's minimum and maximum.</summary>
    /// <param name="rows">The start of each of the four rows.</param>
    /// <param name="classes">The number of classes, at least <see cref="MinClasses"/>.</param>
    /// <param name="columns">Receives the numbers.</param>
    /// <param name="max">The maxima.</param>
    /// <returns>The minima.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static Vector256<double> Read<TElement>(TElement** rows, int classes, float* columns, out Vector256<double> max)
        where TElement : unmanaged, INarrowFloat<TElement>
    {
        if (Lanes.HasMost && classes >= Sixteen) return ReadSixteens(rows, classes, columns, out max);
        var least = Vector128.Create(float.PositiveInfinity);
        var most = -least;
        for (var c = 0; c < classes; c += Four)
        {
            var start = Math.Min(c, classes - Four);
            var (one, two) = (TElement.LoadFloats(rows[0] + start), TElement.LoadFloats(rows[1] + start));
            var (three, four) = (TElement.LoadFloats(rows[2] + start), TElement.LoadFloats(rows[3] + start));
            Transpose.Squares(ref one, ref two, ref three, ref four);
            var to = columns + start * Four;
            one.Store(to);
            two.Store(to + Four);
            three.Store(to + 2 * Four);
            four.Store(to + 3 * Four);
            least = Vector128.MinNative(least, Vector128.MinNative(Vector128.MinNative(one, two), Vector128.MinNative(three, four)));
            most = Vector128.MaxNative(most, Vector128.MaxNative(Vector128.MaxNative(one, two), Vector128.MaxNative(three, four)));
        }
        max = StoredFloat32.Widen(most);
        return StoredFloat32.Widen(least);
    }

    /// <summary>Writes e_c·part, class by class, to four rows, on processors with AVX-512.</summary>
    /// <param name="e">The numbers e_c, class by class.</param>
    /// <param name="classes">The number of classes, at least <see cref="MinWritten"/>.</param>
    /// <param name="part">The factor of each row.</param>
    /// <param name="rows">The start of each of the four rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void WriteEights<TElement>(double* e, int classes, Vector256<double> part, TElement** rows)
        where TElement : unmanaged, INarrowFloat<TElement>
    {
        var factors = Vector512.Create(part, part);
        for (var c = 0; c < classes; c += Eight)
        {
            var start = Math.Min(c, classes - Eight);
            TElement.StoreEightColumns(e + start * Four, factors, rows, start);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> ReadSixteens<TElement>(TElement** rows, int classes, float* columns, out Vector256<double> max)
        where TElement : unmanaged, INarrowFloat<TElement>
    {
        // elements 0 to 7 of two vectors in turns, or 8 to 15; pairs 0 to 3 of two vectors in turns, or 4 to 7
        var lower = Vector512.Create(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        var upper = lower + Vector512.Create(8);
        var lowerPairs = Vector512.Create(0L, 8, 1, 9, 2, 10, 3, 11);
        var upperPairs = lowerPairs + Vector512.Create(4L);
        var least = Vector512.Create(float.PositiveInfinity);
        var most = -least;
        for (var c = 0; c < classes; c += Sixteen)
        {
            var start = Math.Min(c, classes - Sixteen);
            var (one, two) = (TElement.LoadSixteenFloats(rows[0] + start), TElement.LoadSixteenFloats(rows[1] + start));
            var (three, four) = (TElement.LoadSixteenFloats(rows[2] + start), TElement.LoadSixteenFloats(rows[3] + start));
            var (oneTwo, threeFour) = (Mix(one, lower, two), Mix(three, lower, four));
            var (oneTwoNext, threeFourNext) = (Mix(one, upper, two), Mix(three, upper, four));
            var (a, b) = (MixPairs(oneTwo, lowerPairs, threeFour), MixPairs(oneTwo, upperPairs, threeFour));
            var (d, f) = (MixPairs(oneTwoNext, lowerPairs, threeFourNext), MixPairs(oneTwoNext, upperPairs, threeFourNext));
            var to = columns + start * Four;
            a.Store(to);
            b.Store(to + Sixteen);
            d.Store(to + 2 * Sixteen);
            f.Store(to + 3 * Sixteen);
            least = Vector512.MinNative(least, Vector512.MinNative(Vector512.MinNative(a, b), Vector512.MinNative(d, f)));
            most = Vector512.MaxNative(most, Vector512.MaxNative(Vector512.MaxNative(a, b), Vector512.MaxNative(d, f)));
        }
        var leastOfTwo = Vector256.MinNative(least.GetLower(), least.GetUpper());
        var mostOfTwo = Vector256.MaxNative(most.GetLower(), most.GetUpper());
        max = StoredFloat32.Widen(Vector128.MaxNative(mostOfTwo.GetLower(), mostOfTwo.GetUpper()));
        return StoredFloat32.Widen(Vector128.MinNative(leastOfTwo.GetLower(), leastOfTwo.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Mix(Vector512<float> a, Vector512<int> indices, Vector512<float> b) =>
        Avx512F.PermuteVar16x32x2(a, indices, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> MixPairs(Vector512<float> a, Vector512<long> indices, Vector512<float> b) =>
        Avx512F.PermuteVar8x64x2(a.AsInt64(), indices, b.AsInt64()).AsSingle();
}
