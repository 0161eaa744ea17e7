using System.Numerics;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Core.Outputs;

/// <summary>The results for a batch: the totals always, every other output where it was asked for.</summary>
public sealed class Scores : IDisposable
{
    private readonly Tensor?[] _tensors = new Tensor?[OutputCatalogue.All.Count];

    /// <summary>Allocates the tensors that are asked for, not initialised.</summary>
    /// <exception cref="MemoryBudgetException">The budget has not enough left; nothing is allocated then.</exception>
    internal Scores(OutputSet outputs, DType dtype, Shape samples, Shape predictions, MemoryBudget? budget)
        : this(outputs, dtype, output => output.Shape == OutputShape.Samples ? samples : predictions, budget) { }

    /// <summary>Allocates the tensors that are asked for, not initialised.</summary>
    /// <exception cref="MemoryBudgetException">The budget has not enough left; nothing is allocated then.</exception>
    internal Scores(OutputSet outputs, DType dtype, Func<Output, Shape> shapeOf, MemoryBudget? budget)
    {
        try
        {
            foreach (var output in OutputCatalogue.All)
            {
                if (!output.IsTensor || !output.IsIn(outputs)) continue;
                _tensors[output.Index] = new(output.DType ?? dtype, shapeOf(output), budget);
            }
        }
        catch (OutOfMemoryException)
        {
            Dispose();
            throw;
        }
    }

    private Scores(Scores whole, Func<Output, Tensor, Tensor> view)
    {
        foreach (var output in OutputCatalogue.All)
            if (whole.GetTensor(output) is { } tensor) _tensors[output.Index] = view(output, tensor);
    }

    /// <summary>Where the same results go, by way of other tensors, which stay the caller's.</summary>
    internal Scores With(Func<Output, Tensor, Tensor> view) => new(this, view);

    /// <summary>The bytes of the tensors that are asked for.</summary>
    internal static long CountBytes(OutputSet outputs, DType dtype, Func<Output, Shape> shapeOf)
    {
        var bytes = 0L;
        foreach (var output in OutputCatalogue.All)
        {
            if (!output.IsTensor || !output.IsIn(outputs)) continue;
            bytes += shapeOf(output).Count * (output.DType ?? dtype).Size();
        }
        return bytes;
    }

    /// <summary>The reduced loss; null where it was not asked for, or where the mean divides by 0.</summary>
    public double? Loss { get; internal set; }

    /// <summary>Σ over the kept samples.</summary>
    public Totals Totals { get; internal set; }

    /// <summary>How good the predictions are; null where they were not asked for.</summary>
    public Metrics? Metrics { get; private set; }

    /// <summary>The sums that <see cref="Metrics"/> are made of, to be added to those of other batches.</summary>
    public MetricsSum? MetricsSum
    {
        get;
        internal set
        {
            field = value;
            Metrics = value?.Conclude();
        }
    }

    /// <summary>Adds the best temperature to <see cref="Metrics"/>.</summary>
    internal void Add(TemperatureFit fit) => Metrics = Metrics! with { TemperatureFit = fit };

    /// <summary>Adds bins of equal weight to <see cref="Metrics"/>.</summary>
    internal void Add(ReliabilityDiagram equalMass) => Metrics = Metrics! with { EqualMass = equalMass };

    /// <summary>wℓ of each sample.</summary>
    public Tensor? Losses => Find(OutputSet.Losses);

    /// <summary>∂loss/∂predictions.</summary>
    public Tensor? Gradient => Find(OutputSet.Gradient);

    /// <summary>∂²loss/∂prediction² of each prediction.</summary>
    public Tensor? Hessian => Find(OutputSet.Hessian);

    /// <summary>The predicted probabilities p.</summary>
    public Tensor? Probabilities => Find(OutputSet.Probabilities);

    /// <summary>Their natural logarithms, log p.</summary>
    public Tensor? LogProbabilities => Find(OutputSet.LogProbabilities);

    /// <summary>The entropy of each sample's predicted distribution.</summary>
    public Tensor? Entropy => Find(OutputSet.Entropy);

    /// <summary>The predicted class as int64.</summary>
    public Tensor? Predictions => Find(OutputSet.Predictions);

    /// <summary>The sums of an overlap.</summary>
    public Tensor? Sums => Find(OutputSet.Sums);

    /// <summary>The bytes of all tensors.</summary>
    public long Bytes => _tensors.Sum(tensor => tensor?.Bytes ?? 0);

    /// <summary>The tensor of an output; null where it is no tensor, or was not asked for.</summary>
    public Tensor? GetTensor(Output output) => _tensors[output.Index];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _tensors) tensor?.Dispose();
    }

    private Tensor? Find(OutputSet flag) => _tensors[BitOperations.Log2((uint)flag)];
}
