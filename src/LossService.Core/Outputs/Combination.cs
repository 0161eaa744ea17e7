using System.Numerics;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Core.Outputs;

/// <summary>Σ weight·loss of several losses over the same predictions, and its derivatives.</summary>
public sealed class Combination : IDisposable
{
    /// <summary>The outputs that are tensors and add up.</summary>
    public const OutputSet Derivatives = OutputSet.Gradient | OutputSet.Hessian;

    private readonly Tensor?[] _tensors = new Tensor?[OutputCatalogue.All.Count];

    internal Combination(double? loss) => Loss = loss;

    /// <summary>
    /// Σ weight·loss, rounded once; null where an entry has no loss, and a weight other than 0. A loss of weight 0 adds
    /// nothing, whatever it is.
    /// </summary>
    public double? Loss { get; }

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

    /// <summary>Takes the weighted sum of an output.</summary>
    internal void Add(Output output, Tensor sum) => _tensors[output.Index] = sum;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _tensors) tensor?.Dispose();
    }
}
