using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>Adds up the scores of several losses over the same predictions, each element by itself, on idle cores, too.</summary>
internal static class Combiner
{
    /// <summary>How many elements are added up between two looks at the token.</summary>
    private const int Block = 1024;

    /// <summary>Combines scores, all of which have what is asked for.</summary>
    /// <param name="parts">The scores and weights.</param>
    /// <param name="outputs">Which of <see cref="Combination.Derivatives"/> are asked for.</param>
    /// <param name="memory">What its memory is taken from; null = not counted.</param>
    /// <param name="cancellation">Stops between blocks of elements.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="MemoryBudgetException">The budget has not enough left.</exception>
    public static Combination Combine(
        IReadOnlyList<(Scores Scores, double Weight)> parts, OutputSet outputs, MemoryBudget? memory, CancellationToken cancellation)
    {
        var combined = new Combination(Combination.Add(parts.Select(part => (part.Scores.Loss, part.Weight))));
        try
        {
            foreach (var output in OutputCatalogue.All)
            {
                if (!output.IsIn(outputs & Combination.Derivatives)) continue;
                var first = parts[0].Scores.GetTensor(output)!;
                var sum = new Tensor(first.DType, first.Shape, memory);
                combined.Add(output, sum);
                (Tensor, double)[] terms = [.. parts.Where(part => part.Weight != 0)
                    .Select(part => (part.Scores.GetTensor(output)!, part.Weight))];
                SampleSplit.Run(sum.Count, sum.Count, null, (start, end, _, _, stop) => Add(terms, sum, start, end, stop), cancellation);
            }
            return combined;
        }
        catch
        {
            combined.Dispose();
            throw;
        }
    }

    /// <summary>Writes the sums of some elements.</summary>
    private static void Add((Tensor Tensor, double Weight)[] terms, Tensor sum, long start, long end, CancellationToken cancellation)
    {
        using var work = new WorkMemory(3 * Block, null);
        Span<double> hi = work.Span[..Block], lo = work.Span[Block..(2 * Block)], read = work.Span[(2 * Block)..];
        hi.Clear();
        lo.Clear();
        // lanes beyond the end hold numbers that are not written
        read.Clear();
        for (var block = start; block < end; block += Block)
        {
            cancellation.ThrowIfCancellationRequested();
            var count = (int)long.Min(Block, end - block);
            for (var i = 0; i < terms.Length; i++)
            {
                var (tensor, weight) = terms[i];
                tensor.Read(block, read[..count]);
                if (i == 0) SetProducts(read, weight, hi, lo);
                else AddProducts(read, weight, hi, lo);
            }
            sum.Write(block, hi[..count]);
        }
    }

    /// <summary>Sets each sum to weight·term in double-double.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SetProducts(ReadOnlySpan<double> terms, double weight, Span<double> hi, Span<double> lo)
    {
        var factor = Vector256.Create(weight);
        for (var i = 0; i < terms.Length; i += Lanes.Width)
        {
            var term = Vector256.LoadUnsafe(in terms[i]);
            var product = term * factor;
            // a product of −0 becomes 0, as a sum of 0 and it
            (product + Vector256<double>.Zero).StoreUnsafe(ref hi[i]);
            Finite(Vector256.FusedMultiplyAdd(term, factor, -product)).StoreUnsafe(ref lo[i]);
        }
    }

    /// <summary>Adds weight·term to each sum in double-double; a sum that is not finite stays so.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddProducts(ReadOnlySpan<double> terms, double weight, Span<double> hi, Span<double> lo)
    {
        var factor = Vector256.Create(weight);
        for (var i = 0; i < terms.Length; i += Lanes.Width)
        {
            var term = Vector256.LoadUnsafe(in terms[i]);
            var product = term * factor;
            var sum = Vector256.LoadUnsafe(in hi[i]);
            var total = sum + product;
            // TwoSum and TwoProduct; where a sum is infinite, their errors are NaN, which is left out
            var moved = total - sum;
            var rest = Finite((sum - (total - moved)) + (product - moved) + Vector256.FusedMultiplyAdd(term, factor, -product)
                + Vector256.LoadUnsafe(in lo[i]));
            var rounded = total + rest;
            (rest - (rounded - total)).StoreUnsafe(ref lo[i]);
            rounded.StoreUnsafe(ref hi[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Finite(Vector256<double> rest) =>
        rest & Vector256.LessThan(Vector256.Abs(rest), Vector256.Create(double.PositiveInfinity));
}
