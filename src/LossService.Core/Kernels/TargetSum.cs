using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>Σt − 1 of labels as they are stored, with what rounding takes from the sum. They add up to about 1.</summary>
internal static unsafe class TargetSum
{
    /// <summary>The numbers that <see cref="Add{TTarget}"/> writes: four sums, as many of other numbers, and what both lack.</summary>
    public const int Count = 4 * Lanes.Width;

    /// <summary>Of one row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double GetSurplus<TTarget>(TTarget* targets, int count) where TTarget : unmanaged, IStored<TTarget>
    {
        var results = stackalloc double[Count];
        var whole = count & -(2 * Lanes.Width);
        Add(targets, whole, results);
        var (sum, rest) = (Sum(results), Rest(results));
        if (whole < count)
        {
            var last = stackalloc TTarget[2 * Lanes.Width];
            new ReadOnlySpan<TTarget>(targets + whole, count - whole).CopyTo(new(last, count - whole));
            Add(last, 2 * Lanes.Width, results);
            (sum, rest) = (sum + Sum(results), rest + Rest(results));
        }
        return (Dd.SumOfLanes(sum + rest) - Dd.One).ToScalar();
    }

    /// <summary>Adds up vectors of four numbers: the first, third and so on, and the second, fourth and so on.</summary>
    /// <param name="targets">The numbers.</param>
    /// <param name="count">How many, a multiple of eight.</param>
    /// <param name="results">Receives <see cref="Count"/> numbers.</param>
    public static void Add<TTarget>(TTarget* targets, int count, double* results) where TTarget : unmanaged, IStored<TTarget>
    {
        if (Lanes.HasMost)
        {
            Add<PlainEight, TTarget>(targets, count, results);
            return;
        }
        Add<PlainDouble, TTarget>(targets, count, results);
        Add<PlainDouble, TTarget>(targets + Lanes.Width, count - Lanes.Width, results + Lanes.Width);
    }

    /// <summary>The sums, in four lanes.</summary>
    public static Dd Sum(double* results) => Dd.Sum(Vector256.Load(results), Vector256.Load(results + Lanes.Width));

    /// <summary>What they lack.</summary>
    public static Vector256<double> Rest(double* results) =>
        Vector256.Load(results + 2 * Lanes.Width) + Vector256.Load(results + 3 * Lanes.Width);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Add<TNumber, TTarget>(TTarget* targets, int count, double* results)
        where TNumber : struct, IPlainNumbers<TNumber>
        where TTarget : unmanaged, IStored<TTarget>
    {
        var (sum, rest) = (TNumber.Zero, TNumber.Zero);
        for (var c = 0; c < count; c += 2 * Lanes.Width)
        {
            var t = TNumber.Load(targets + c);
            var next = sum + t;
            var rounded = next - sum;
            rest += (sum - (next - rounded)) + (t - rounded);
            sum = next;
        }
        sum.StoreNearest(ref results[0]);
        rest.StoreNearest(ref results[2 * Lanes.Width]);
    }
}
