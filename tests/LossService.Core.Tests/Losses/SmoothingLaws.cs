using CsCheck;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Losses;

/// <summary>Smoothing over the classes that are above −∞: a vocabulary mask and label smoothing together.</summary>
public sealed class SmoothingLaws
{
    private const int Iterations = 40;

    /// <summary>Where no class is ruled out, the two are one.</summary>
    [Theory]
    [MemberData(nameof(LossTheories.TaughtCategorical), MemberType = typeof(LossTheories))]
    public void Score_NoClassRuledOut_SameBits(string loss) => BatchGenerator.Batches(
        loss, new() { Forms = [PredictionForm.Logits] }).Sample(
        draft => Assert.Equal(
            draft.With("smoothing_over", "classes").Score().Elements, draft.With("smoothing_over", "finite").Score().Elements),
        iter: Iterations);

    /// <summary>A class at −∞ is as none: the others have the loss and the gradient of a batch without it.</summary>
    [Theory]
    [MemberData(nameof(LossTheories.TaughtCategorical), MemberType = typeof(LossTheories))]
    public void Score_ClassRuledOut_IsAsNone(string loss) => BatchGenerator.Batches(
        loss, new() { Forms = [PredictionForm.Logits], LabelForms = [LabelForm.Indices], Scales = [1, 30], Classes = (2, 40) }).Sample(
        draft =>
        {
            draft = draft.Without("ignore_index", "class_weight", "alpha", "top_k", "logit_bias")
                .With("smoothing_over", "finite").With("label_smoothing", 0.25);
            // the class is added at the end, so that labels stay
            var wider = draft with
            {
                Classes = draft.Classes + 1,
                Predictions = [.. draft.Predictions.Chunk(draft.Classes).SelectMany(row => (double[])[.. row, double.NegativeInfinity])],
            };
            var (narrow, wide) = (draft.Score(), wider.Score());
            var tolerance = draft.DType == DType.Float32 ? 1e-6 : 1e-12;
            LabelLaws.AssertNear(narrow.Losses, wide.Losses, tolerance);
            LabelLaws.AssertNear(narrow.Gradient, wide.Gradient.Chunk(wider.Classes).SelectMany(row => row[..^1]), tolerance);
            Assert.All(wide.Gradient.Chunk(wider.Classes), row => Assert.Equal(0, row[^1]));
        },
        iter: Iterations);
}
