using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Core.Validation;

/// <summary>
/// Everything that the rules on values read of a batch: of two batches with the same, the second need not be looked at. Shapes and options
/// are checked before.
/// </summary>
internal readonly record struct ValueReading(
    LossKind Kind, LabelRule Rule, int Axis, PredictionForm Form, Tensor Predictions, Tensor? Labels, Tensor? Weight, Tensor? Mask,
    string Ignored, string Remainder, string Link, bool Normalizes, bool Clips, bool IsDivisor, bool HasMetrics)
{
    /// <summary>What the rules read of a batch.</summary>
    public static ValueReading Of(Loss loss, Batch batch) => new(
        loss.Kind, loss.Labels, loss.Kind == LossKind.Binary ? -1 : batch.Layout.Axis, batch.Form, batch.Predictions, batch.Labels,
        batch.SampleWeight, batch.Mask, batch.Options.Get(SharedOptions.IgnoreIndex) is { } ignored ? string.Join(',', ignored) : "",
        batch.Options.Get(SharedOptions.Remainder), batch.Options.Get(SharedOptions.Link), batch.Options.Get(SharedOptions.Normalize),
        batch.Options.Get(SharedOptions.Clip) > 0, WeightRules.IsDivisor(batch), batch.Wants(OutputSet.Metrics));
}
