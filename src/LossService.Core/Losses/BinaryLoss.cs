using LossService.Core.Batches;
using LossService.Core.Engine;
using LossService.Core.Options;
using LossService.Core.Outputs;

namespace LossService.Core.Losses;

/// <summary>A loss whose samples are single elements: its formula and its options.</summary>
internal abstract class BinaryLoss<TFormula> : Loss where TFormula : struct, IElementFormula
{
    private static readonly double[] One = [1];

    /// <inheritdoc/>
    public sealed override LossKind Kind => LossKind.Binary;

    /// <inheritdoc/>
    public override LabelRule Labels => LabelRule.Probability;

    /// <inheritdoc/>
    public override IReadOnlyList<PredictionForm> Accepts { get; } = [PredictionForm.Logits, PredictionForm.Probabilities];

    /// <summary>The formula under the options of a batch.</summary>
    public abstract TFormula CreateFormula(OptionValues options);

    /// <summary>A loss's own options, followed by those of every binary loss on probabilities.</summary>
    protected static IReadOnlyList<Option> WithShared(params Option[] own) =>
    [
        .. own, SharedOptions.ClassWeight, SharedOptions.IgnoreIndex, SharedOptions.LabelSmoothing, SharedOptions.LabelTemperature,
        SharedOptions.Temperature, SharedOptions.TemperatureSquared, SharedOptions.LogitBias, SharedOptions.Clip, SharedOptions.Bins,
        SharedOptions.Calibration, SharedOptions.PerClass, SharedOptions.ClassWiseCalibration,
        SharedOptions.EqualMassCalibration, SharedOptions.FitTemperature,
    ];

    /// <inheritdoc/>
    internal sealed override Scores Score(Batch batch, CancellationToken cancellation = default)
    {
        using var pass = new BinaryPass<TFormula>(
            CreateFormula(batch.Options), batch.Options.Get(SharedOptions.PosWeight) ?? One, batch, cancellation);
        var count = batch.Predictions.Count;
        var scores = Conclude(batch, pass.Scores, pass.Weights, () => SampleSplit.Run(
            count, count, batch.Wants(OutputSet.Metrics) ? pass.Tallies.NewTally : null, pass.Run, cancellation));
        Complete(batch, scores, pass.Weights, pass.Tallies.Confidences, cancellation);
        return scores;
    }

    /// <inheritdoc/>
    internal sealed override long CountWorkBytes(Batch batch) => BinaryPass<TFormula>.CountBytes(batch);
}
