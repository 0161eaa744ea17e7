using LossService.Core;
using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Tests.Docs;

/// <summary>The code of the package's README.</summary>
internal static class PackageExample
{
    /// <summary>Runs it.</summary>
    /// <returns>The two numbers that it prints.</returns>
    public static (double? Loss, float Gradient) Run()
    {
        // the example runs once
#pragma warning disable CA1861
        // README
        using var logits = new Tensor(DType.Float32, new Shape(2, 3));
        new[] { 2.0f, 1.0f, 0.1f, 0.3f, 2.2f, 0.4f }.CopyTo(logits.AsSpan<float>());
        using var labels = new Tensor(DType.Int64, new Shape(2));
        new[] { 0L, 1L }.CopyTo(labels.AsSpan<long>());

        var loss = LossCatalogue.Find("cross_entropy")!;
        var batch = new Batch
        {
            Form = PredictionForm.Logits,
            Predictions = logits,
            Labels = labels,
            Outputs = OutputSet.Loss | OutputSet.Gradient,
            Options = new OptionValues().Set(SharedOptions.LabelSmoothing, 0.1),
        };
        using var scores = Scorer.Score(loss, batch);
        // end
#pragma warning restore CA1861
        return (scores.Loss, scores.Gradient!.AsSpan<float>()[0]);
    }
}
