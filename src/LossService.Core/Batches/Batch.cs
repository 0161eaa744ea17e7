using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Batches;

/// <summary>Predictions, labels and weights, and what to compute from them. All of it is checked when it is scored.</summary>
/// <remarks>The tensors must not change while the batch is scored.</remarks>
public sealed record Batch : IDisposable
{
    /// <summary>What <see cref="Predictions"/> holds.</summary>
    public required PredictionForm Form { get; init; }

    /// <summary>The model's outputs; classes on the last axis, unless <see cref="SharedOptions.ClassAxis"/> says otherwise.</summary>
    public required Tensor Predictions { get; init; }

    /// <summary>
    /// Class indices (rank one less than the predictions'), dense rows, a teacher's predictions, or the numbers of sparse rows; null for a
    /// loss without labels.
    /// </summary>
    public Tensor? Labels { get; init; }

    /// <summary>What <see cref="Labels"/> holds.</summary>
    public TargetForm LabelForm { get; init; }

    /// <summary>The classes of the numbers of sparse rows, in the same shape: the samples', then k. Integers from 0 to K − 1.</summary>
    public Tensor? LabelIndices { get; init; }

    /// <summary>One finite weight for each sample, or one for all samples below an entry of the first axes; null = 1.</summary>
    public Tensor? SampleWeight { get; init; }

    /// <summary>
    /// Booleans, or integers 0 and 1, in the shape of a weight: false = the sample is never read; null = all are kept.
    /// </summary>
    public Tensor? Mask { get; init; }

    /// <summary>What to compute; null = <see cref="OutputCatalogue.GetDefault"/>.</summary>
    public OutputSet? Outputs { get; init; }

    /// <summary>How the losses become one.</summary>
    public Reduction Reduction { get; init; }

    /// <summary>What a mean divides by.</summary>
    public MeanOver MeanOver { get; init; }

    /// <summary>What a mean divides by in place of <see cref="MeanOver"/>: a client's own count, as of all micro-batches.</summary>
    public double? Divisor { get; init; }

    /// <summary>Nats or bits.</summary>
    public Unit Unit { get; init; }

    /// <summary>The dtype of the results, float32 or float64; null = that of the predictions.</summary>
    public DType? ResultDType { get; init; }

    /// <summary>The loss's own options.</summary>
    public OptionValues Options { get; init; } = new();

    /// <summary>What the results and the working memory are taken from; null = not counted.</summary>
    public MemoryBudget? Memory { get; init; }

    /// <summary>Whether kernels may compute in double; false = every row is computed in double-double, to compare with.</summary>
    internal bool UsesKernels { get; init; } = true;

    /// <summary>What is computed: <see cref="Outputs"/>, or the default.</summary>
    public OutputSet Asked => Outputs ?? OutputCatalogue.GetDefault(Reduction);

    /// <summary>The dtype that the results have: <see cref="ResultDType"/>, or that of the predictions.</summary>
    internal DType StoredDType => ResultDType ?? Predictions.DType;

    /// <summary>Where the classes of a categorical batch are.</summary>
    internal ClassLayout Layout => new(Predictions.Shape, Options.Get(SharedOptions.ClassAxis));

    /// <summary>Whether the labels have the shape of the predictions.</summary>
    internal bool HasDenseLabels => Labels is { } labels && !LabelForm.IsSparse() && labels.Shape.Rank == Predictions.Shape.Rank;

    /// <summary>Whether sparse rows are divided by their sums.</summary>
    internal bool NormalizesSparseRows => Options.Get(SharedOptions.Remainder) switch
    {
        SharedOptions.RemainderError => Options.Get(SharedOptions.Normalize),
        var remainder => remainder == SharedOptions.RemainderNormalize,
    };

    /// <summary>Whether any of these outputs is asked for.</summary>
    public bool Wants(OutputSet outputs) => (Asked & outputs) != 0;

    /// <summary>T of the predictions; 1 where the loss has none.</summary>
    internal double Temperature => Options.Get(SharedOptions.Temperature);

    /// <summary>T of a teacher's logits.</summary>
    internal double LabelTemperature => Options.Get(SharedOptions.LabelTemperature) ?? Temperature;

    /// <summary>What a value in nats is multiplied by: the unit, and T² where that is asked for.</summary>
    internal Dd Factor
    {
        get
        {
            var unit = Unit == Unit.Bits ? Dd.One / Dd.Ln2 : Dd.One;
            return Options.Get(SharedOptions.TemperatureSquared) ? unit * Dd.Square(new(Temperature)) : unit;
        }
    }

    /// <summary>Whether <see cref="Factor"/> is not 1.</summary>
    internal bool IsScaled => Unit == Unit.Bits || (Options.Get(SharedOptions.TemperatureSquared) && Temperature != 1);

    /// <summary>The bytes of the tensors that the batch has.</summary>
    internal long CountBytes() =>
        Predictions.Bytes + (Labels?.Bytes ?? 0) + (LabelIndices?.Bytes ?? 0) + (SampleWeight?.Bytes ?? 0) + (Mask?.Bytes ?? 0);

    /// <summary>
    /// The same batch with its classes on the last axis, where only the lengths of axes are in another order: the elements are not. Its
    /// tensors are views.
    /// </summary>
    internal unsafe Batch WithClassesLast()
    {
        var layout = Layout;
        return layout.IsLast || !layout.AreAdjacent ? this : this with
        {
            Predictions = View(Predictions),
            Labels = HasDenseLabels ? View(Labels!) : Labels,
        };

        Tensor View(Tensor tensor) => new(tensor.DType, layout.ClassesLast, tensor.Data) { IsFinite = tensor.IsFinite };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Predictions.Dispose();
        Labels?.Dispose();
        LabelIndices?.Dispose();
        SampleWeight?.Dispose();
        Mask?.Dispose();
    }
}
