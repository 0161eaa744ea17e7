using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Core.Validation;

/// <summary>
/// Weights of kept samples are finite, and not negative where the mean or the metrics divide by their sum. A mask of integers has
/// 0 and 1.
/// </summary>
internal static class WeightRules
{
    /// <summary>Adds what is wrong with the weights to <paramref name="problems"/>.</summary>
    public static void Check(Loss loss, Batch batch, RowReader rows, BatchProblems problems)
    {
        if (batch.Mask is { } mask && mask.DType != DType.Bool) CheckMask(mask, rows, problems);
        if (batch.SampleWeight is not { } weights) return;
        var each = SampleAxes.GetSamplesPerEntry(weights, rows.Samples);
        var isRatio = loss.Kind == LossKind.Overlap;
        var isDivisor = !isRatio && IsDivisor(batch);
        var hasMetrics = batch.Wants(OutputSet.Metrics);
        Span<double> weight = [0];
        for (long i = 0; i < weights.Count; i++)
        {
            rows.Count(1);
            weights.Read(i, weight);
            if (IsInRange(weight[0]) && !(weight[0] < 0 && (isRatio || isDivisor || hasMetrics))) continue;
            if (!rows.Kept.ContainsAny(i * each, each)) continue;
            if (!problems.Count()) continue;
            problems.Keep(BatchField.SampleWeight, weights.Shape.Position(i), isRatio && IsInRange(weight[0])
                ? $"{loss.Name} divides by weighted sums, so no weight may be negative, got {weights.Text(i)}"
                : Describe(weight[0], isDivisor, weights.Text(i)));
        }
    }

    /// <summary>Whether a mean divides by the sum of the weights.</summary>
    public static bool IsDivisor(Batch batch) => batch is { Reduction: Reduction.Mean, MeanOver: MeanOver.Weight, Divisor: null };

    /// <summary>0, or of a size whose products and sums stay inside the range of a double.</summary>
    public static bool IsInRange(double weight) =>
        weight == 0 || Math.Abs(weight) is >= SharedOptions.Smallest and <= SharedOptions.Largest;

    private static string Describe(double value, bool isDivisor, string weight) => (IsInRange(value), isDivisor) switch
    {
        (false, _) when !double.IsFinite(value) => $"expected a finite number, got {weight}",
        (false, _) => $"expected 0 or a number from 1e-100 to 1e100 (or its negative), got {weight}",
        (_, true) => $"a weighted mean divides by the sum of the weights, so none may be negative, got {weight}; "
            + "mean_over \"samples\", a divisor and reduction \"sum\" take negative weights",
        _ => $"metrics divide by the sum of the weights, so none may be negative, got {weight}; "
            + "without metrics in outputs, negative weights are taken",
    };

    private static void CheckMask(Tensor mask, RowReader rows, BatchProblems problems)
    {
        for (long i = 0; i < mask.Count; i++)
        {
            rows.Count(1);
            if (mask.Integer(i) is 0 or 1 || !problems.Count()) continue;
            problems.Keep(BatchField.Mask, mask.Shape.Position(i), $"expected 0 or 1, got {mask.Text(i)}");
        }
    }
}
