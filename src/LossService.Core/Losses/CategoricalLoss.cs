using LossService.Core.Batches;
using LossService.Core.Engine;
using LossService.Core.Kernels;
using LossService.Core.Options;
using LossService.Core.Outputs;

namespace LossService.Core.Losses;

/// <summary>A loss over rows of classes: a formula, and the options that mean something to it.</summary>
internal abstract class CategoricalLoss : Loss
{
    /// <inheritdoc/>
    public sealed override LossKind Kind => LossKind.Categorical;

    /// <inheritdoc/>
    public override LabelRule Labels => LabelRule.Distribution;

    /// <inheritdoc/>
    public override IReadOnlyList<PredictionForm> Accepts { get; } =
        [PredictionForm.Logits, PredictionForm.Probabilities, PredictionForm.LogProbabilities];

    /// <summary>What class weights do.</summary>
    public virtual ClassWeighting ClassWeighting => ClassWeighting.PerSample;

    /// <summary>The formula under the options of a batch.</summary>
    public abstract CategoricalFormula CreateFormula(OptionValues options, int classes);

    /// <summary>Whether <see cref="SoftmaxKernel{TElement}"/> computes the same as the formula under these options, for rows with one true class.</summary>
    public virtual bool IsSoftmaxCrossEntropy(OptionValues options) => false;

    /// <summary>The options every categorical loss on a distribution takes, behind its own.</summary>
    protected static IReadOnlyList<Option> WithShared(params Option[] own) =>
    [
        .. own, SharedOptions.ClassWeight, SharedOptions.IgnoreIndex, SharedOptions.LabelSmoothing,
        SharedOptions.Temperature, SharedOptions.Clip, SharedOptions.TopK, SharedOptions.Bins,
    ];

    /// <inheritdoc/>
    internal sealed override Scores Score(Batch batch, CancellationToken cancellation = default)
    {
        var pass = new CategoricalPass(
            batch, CreateFormula(batch.Options, batch.Predictions.Shape.Last), ClassWeighting, IsSoftmaxCrossEntropy(batch.Options));
        var wantsMetrics = batch.Wants(OutputSet.Metrics) && batch.Labels is not null;
        var (sum, tally) = SampleSplit.Run(
            pass.Rows, batch.Predictions.Count, wantsMetrics ? pass.NewTally : null, pass.Run, cancellation);
        pass.Weights.Reduce(sum, pass.Scores, batch.Asked);
        pass.Scores.Metrics = tally?.Conclude();
        return pass.Scores;
    }
}
