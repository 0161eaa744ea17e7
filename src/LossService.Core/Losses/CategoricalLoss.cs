using LossService.Core.Batches;
using LossService.Core.Engine;
using LossService.Core.Options;
using LossService.Core.Outputs;

namespace LossService.Core.Losses;

/// <summary>A loss whose samples are rows of classes: its formula and its options.</summary>
internal abstract class CategoricalLoss : Loss
{
    /// <inheritdoc/>
    public sealed override LossKind Kind => LossKind.Categorical;

    /// <inheritdoc/>
    public override LabelRule Labels => LabelRule.Distribution;

    /// <inheritdoc/>
    public override IReadOnlyList<PredictionForm> Accepts { get; } =
        [PredictionForm.Logits, PredictionForm.Probabilities, PredictionForm.LogProbabilities];

    /// <summary>How class weights enter the loss.</summary>
    public virtual ClassWeighting ClassWeighting => ClassWeighting.PerSample;

    /// <summary>The formula under the options of a batch.</summary>
    public abstract CategoricalFormula CreateFormula(OptionValues options, int classes);

    /// <summary>A loss's own options, followed by those of every categorical loss on a distribution.</summary>
    protected static IReadOnlyList<Option> WithShared(params Option[] own) =>
    [
        .. own, SharedOptions.ClassWeight, SharedOptions.IgnoreIndex, SharedOptions.LabelSmoothing, SharedOptions.SmoothingOver,
        SharedOptions.LabelTemperature, SharedOptions.Remainder, SharedOptions.Temperature, SharedOptions.TemperatureSquared,
        SharedOptions.LogitBias, SharedOptions.Clip, SharedOptions.Normalize, SharedOptions.ClassAxis, SharedOptions.TopK,
        SharedOptions.Bins, SharedOptions.PerClass, SharedOptions.ConfusionMatrix, SharedOptions.ClassWiseCalibration,
        SharedOptions.EqualMassCalibration, SharedOptions.FitTemperature,
    ];

    /// <inheritdoc/>
    internal sealed override Scores Score(Batch batch, CancellationToken cancellation = default)
    {
        using var pass = new CategoricalPass(batch, CreateFormula(batch.Options, CountClasses(batch)), ClassWeighting, cancellation);
        var wantsMetrics = batch.Wants(OutputSet.Metrics) && batch.Labels is not null;
        var scores = Conclude(batch, pass.Scores, pass.Weights, () => SampleSplit.Run(
            pass.Rows, batch.Predictions.Count, wantsMetrics ? pass.Tallies.NewTally : null, pass.Run, cancellation));
        Complete(batch, scores, pass.Weights, pass.Tallies.Confidences, cancellation);
        return scores;
    }

    /// <inheritdoc/>
    internal sealed override long CountWorkBytes(Batch batch) =>
        CategoricalPass.CountBytes(batch, SampleSplit.CountCores(batch.Layout.Rows, batch.Predictions.Count));

    /// <summary>K. The shape [0], an array without rows, does not say it, but a list with a number for each class may.</summary>
    private static int CountClasses(Batch batch)
    {
        var classes = batch.Layout.Classes;
        if (batch.Predictions.Count > 0) return classes;
        foreach (var given in batch.Options.Given)
            if (given is OptionValue<double[]?> { Value: { } values }) classes = Math.Max(classes, values.Length);
        return classes;
    }
}
