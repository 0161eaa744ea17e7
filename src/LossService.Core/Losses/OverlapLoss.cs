using LossService.Core.Batches;
using LossService.Core.Engine;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Losses;

/// <summary>A loss of the overlap of predictions and labels: for each class, a ratio of sums over the batch or over each item.</summary>
internal abstract class OverlapLoss : Loss
{
    /// <inheritdoc/>
    public sealed override LossKind Kind => LossKind.Overlap;

    /// <inheritdoc/>
    public override LabelRule Labels => LabelRule.Probability;

    /// <inheritdoc/>
    public override IReadOnlyList<PredictionForm> Accepts { get; } = [PredictionForm.Logits, PredictionForm.Probabilities];

    /// <summary>The formula under the options of a batch.</summary>
    public abstract OverlapFormula CreateFormula(OptionValues options);

    /// <inheritdoc/>
    public sealed override bool Has(Output output) => output.Flag is OutputSet.Loss or OutputSet.Losses or OutputSet.Gradient
        or OutputSet.Probabilities or OutputSet.Sums;

    /// <summary>A loss's own options, followed by those of every overlap loss.</summary>
    protected static IReadOnlyList<Option> WithShared(params Option[] own) =>
    [
        .. own, SharedOptions.Smooth, SharedOptions.Per, SharedOptions.Link, SharedOptions.ClassWeight, SharedOptions.IgnoreIndex,
        SharedOptions.Temperature, SharedOptions.Clip, SharedOptions.ClassAxis,
    ];

    /// <inheritdoc/>
    internal sealed override Scores Score(Batch batch, CancellationToken cancellation = default)
    {
        using var pass = new OverlapPass(batch, CreateFormula(batch.Options), CreateLink(batch), IsPerItem(batch), cancellation);
        return pass.Score(cancellation);
    }

    /// <inheritdoc/>
    internal sealed override Shape GetShape(Output output, Batch batch) => OverlapPass.GetShape(output, batch, IsPerItem(batch));

    /// <inheritdoc/>
    internal sealed override long CountWorkBytes(Batch batch) => OverlapPass.CountBytes(batch, IsPerItem(batch));

    private static bool IsPerItem(Batch batch) => batch.Options.Get(SharedOptions.Per) == SharedOptions.PerItem;

    private static CategoricalLink CreateLink(Batch batch)
    {
        var temperature = batch.Options.Get(SharedOptions.Temperature);
        return batch.Form == PredictionForm.Logits && batch.Options.Get(SharedOptions.Link) == SharedOptions.LinkSigmoid
            ? new SigmoidLink(temperature, isExact: !batch.UsesKernels)
            : CategoricalLink.Create(batch.Form, temperature, [], batch.Options.Get(SharedOptions.Clip));
    }
}
