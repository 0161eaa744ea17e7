using LossService.Core.Losses;

namespace LossService.Core.Rows;

/// <summary>A loss over single elements: a formula, and the options that mean something to it.</summary>
internal abstract class BinaryLoss<TTerm> : Loss where TTerm : struct, IElementTerm
{
    /// <inheritdoc/>
    public sealed override LossKind Kind => LossKind.Binary;

    /// <inheritdoc/>
    public override LabelRule Labels => LabelRule.Probability;

    /// <inheritdoc/>
    public override IReadOnlyList<PredictionForm> Accepts { get; } = [PredictionForm.Logits, PredictionForm.Probabilities];

    /// <summary>The formula under the options of a batch.</summary>
    public abstract TTerm Term(Options options);

    /// <summary>The options every binary loss on probabilities takes, behind its own.</summary>
    protected static IReadOnlyList<Option> WithShared(params Option[] own) =>
    [
        .. own, SharedOptions.IgnoreIndex, SharedOptions.LabelSmoothing, SharedOptions.Temperature, SharedOptions.Clip,
        SharedOptions.Bins,
    ];

    /// <inheritdoc/>
    public sealed override Scores Score(Batch batch, CancellationToken cancellation = default)
    {
        var pass = new BinaryPass<TTerm>(Term(batch.Options), batch);
        var count = batch.Predictions.Count;
        var (sum, tally) = SampleSplit.Run(count, count, batch.Wants(Outputs.Metrics) ? pass.NewTally : null, pass.Run, cancellation);
        pass.Samples.Conclude(pass.Scores, sum, batch);
        pass.Scores.Metrics = tally?.Conclude();
        return pass.Scores;
    }
}
