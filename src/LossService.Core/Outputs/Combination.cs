using System.Numerics;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Core.Outputs;

/// <summary>Σ weight·loss of several losses over the same predictions, and its derivatives.</summary>
public sealed class Combination : IDisposable
{
    /// <summary>How many elements are added up between two looks at the token.</summary>
    private const int Block = 2048;

    /// <summary>The outputs that are tensors and add up.</summary>
    public const OutputSet Derivatives = OutputSet.Gradient | OutputSet.Hessian;

    private readonly Tensor?[] _tensors = new Tensor?[OutputCatalogue.All.Count];

    private Combination()
    {
    }

    /// <summary>
    /// Σ weight·loss, rounded once; null where an entry has no loss, and a weight other than 0. A loss of weight 0 adds
    /// nothing, whatever it is.
    /// </summary>
    public double? Loss { get; private init; }

    /// <summary>Σ weight·gradient of the gradients as they are returned, rounded once; null where it was not asked for.</summary>
    public Tensor? Gradient => _tensors[BitOperations.Log2((uint)OutputSet.Gradient)];

    /// <summary>The same of the second derivatives.</summary>
    public Tensor? Hessian => _tensors[BitOperations.Log2((uint)OutputSet.Hessian)];

    /// <summary>The bytes of all tensors.</summary>
    public long Bytes => _tensors.Sum(tensor => tensor?.Bytes ?? 0);

    /// <summary>The weighted sum of an output; null where it has none, or was not asked for.</summary>
    public Tensor? GetTensor(Output output) => _tensors[output.Index];

    /// <summary>Σ weight·loss, rounded once; null where an entry has no loss, and a weight other than 0.</summary>
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
    /// <param name="outputs">Which of <see cref="Derivatives"/> are asked for.</param>
    /// <param name="memory">What its memory is taken from; null = not counted.</param>
    /// <param name="cancellation">Stops between blocks of elements.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="MemoryBudgetException">The budget has not enough left.</exception>
    internal static Combination Create(
        IReadOnlyList<(Scores Scores, double Weight)> parts, OutputSet outputs, MemoryBudget? memory, CancellationToken cancellation)
    {
        var combined = new Combination { Loss = Add(parts.Select(part => (part.Scores.Loss, part.Weight))) };
        try
        {
            foreach (var output in OutputCatalogue.All)
            {
                if (!output.IsIn(outputs & Derivatives)) continue;
                combined._tensors[output.Index] =
                    Add([.. parts.Select(part => (part.Scores.GetTensor(output)!, part.Weight))], memory, cancellation);
            }
            return combined;
        }
        catch
        {
            combined.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _tensors) tensor?.Dispose();
    }

    private static Tensor Add((Tensor Tensor, double Weight)[] parts, MemoryBudget? memory, CancellationToken cancellation)
    {
        var first = parts[0].Tensor;
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
                foreach (var (tensor, weight) in parts)
                {
                    if (weight == 0) continue;
                    tensor.Read(start, terms[..count]);
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
