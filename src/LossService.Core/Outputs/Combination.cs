using System.Runtime.Intrinsics;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Outputs;

/// <summary>Σ weight·loss of several losses over the same predictions, and its gradient.</summary>
public sealed class Combination : IDisposable
{
    /// <summary>How many elements are added up between two looks at the token.</summary>
    private const int Block = 2048;

    private Combination()
    {
    }

    /// <summary>
    /// Σ weight·loss, rounded once; null where a loss of a weight other than 0 is. A loss of weight 0 adds nothing, whatever it is.
    /// </summary>
    public double? Loss { get; private init; }

    /// <summary>Σ weight·gradient of the gradients as they are returned, rounded once; null where it was not asked for.</summary>
    public Tensor? Gradient { get; private init; }

    /// <summary>Σ weight·loss, rounded once; null where a loss of a weight other than 0 is.</summary>
    public static double? Add(IEnumerable<(double? Loss, double Weight)> losses)
    {
        ArgumentNullException.ThrowIfNull(losses);
        var sum = new ExactSum();
        foreach (var (loss, weight) in losses)
        {
            if (weight == 0) continue;
            if (loss is not { } number) return null;
            sum.AddProduct(weight, number);
        }
        return sum.Round();
    }

    /// <summary>Adds up the scores of several losses, all of which have what is asked for.</summary>
    /// <param name="parts">The scores and weights.</param>
    /// <param name="hasGradient">Whether the gradient is asked for.</param>
    /// <param name="memory">What its memory is taken from; null = not counted.</param>
    /// <param name="cancellation">Stops between blocks of elements.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="MemoryBudgetException">The budget has not enough left.</exception>
    internal static Combination Create(
        IEnumerable<(Scores Scores, double Weight)> parts, bool hasGradient, MemoryBudget? memory, CancellationToken cancellation)
    {
        var weighed = parts.ToArray();
        return new()
        {
            Loss = Add(weighed.Select(part => (part.Scores.Loss, part.Weight))),
            Gradient = hasGradient ? Add([.. weighed.Select(part => (part.Scores.Gradient!, part.Weight))], memory, cancellation) : null,
        };
    }

    /// <inheritdoc/>
    public void Dispose() => Gradient?.Dispose();

    private static Tensor Add((Tensor Gradient, double Weight)[] parts, MemoryBudget? memory, CancellationToken cancellation)
    {
        var first = parts[0].Gradient;
        var result = new Tensor(first.DType, first.Shape, memory);
        try
        {
            using var work = new WorkMemory(3 * Block, memory);
            Span<double> hi = work.Span[..Block], lo = work.Span[Block..(2 * Block)], terms = work.Span[(2 * Block)..];
            for (long start = 0; start < result.Count; start += Block)
            {
                cancellation.ThrowIfCancellationRequested();
                var count = (int)long.Min(Block, result.Count - start);
                hi.Clear();
                lo.Clear();
                foreach (var (gradient, weight) in parts)
                {
                    if (weight == 0) continue;
                    gradient.Read(start, terms[..count]);
                    AddProducts(terms, weight, hi, lo);
                }
                result.Write(start, hi[..count]);
            }
            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    /// <summary>Adds weight·term to each sum in double-double; a sum that is not finite stays so.</summary>
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
            var rest = (sum - (total - moved)) + (product - moved) + Vector256.FusedMultiplyAdd(term, factor, -product)
                + Vector256.LoadUnsafe(in lo[i]);
            rest &= Vector256.LessThan(Vector256.Abs(rest), Vector256.Create(double.PositiveInfinity));
            var rounded = total + rest;
            (rest - (rounded - total)).StoreUnsafe(ref lo[i]);
            rounded.StoreUnsafe(ref hi[i]);
        }
    }
}
