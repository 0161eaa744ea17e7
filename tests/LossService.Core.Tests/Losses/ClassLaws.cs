using CsCheck;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Losses;

/// <summary>What holds of every loss on a row of classes, however many there are and in whatever order.</summary>
public sealed class ClassLaws
{
    private const int Iterations = 60;

    [Theory]
    [MemberData(nameof(LossTheories.Categorical), MemberType = typeof(LossTheories))]
    public void Score_LogitsShifted_ChangesNothing(string loss) => BatchGenerator.Batches(loss).Sample(
        draft =>
        {
            // multiples of 2⁻⁸, so that the shift is exact
            var logits = draft.Predictions.Select(x => Math.Round(Math.Clamp(Math.Abs(x) % 64, 0, 64) * 256) / 256).ToArray();
            draft = draft.Without("z_loss").WithPredictions(PredictionForm.Logits, logits) with { DType = DType.Float64 };
            var shifted = draft with { Predictions = [.. logits.Select(x => x + 1024)] };
            Assert.All(draft.Describe().Elements.Zip(shifted.Describe().Elements), pair =>
            {
                if (double.IsFinite(pair.First)) Assert.Equal(pair.First, pair.Second, 1e-15 * Math.Abs(pair.First));
                else Assert.Equal(pair.First, pair.Second);
            });
        },
        iter: Iterations);

    [Theory]
    [MemberData(nameof(LossTheories.Categorical), MemberType = typeof(LossTheories))]
    public void Gradient_OfLogits_AddsUpToZeroInEveryRow(string loss) => BatchGenerator.Batches(loss).Sample(
        draft =>
        {
            if (draft.Form != PredictionForm.Logits) return;
            draft = draft.Without("z_loss") with { DType = DType.Float64 };
            var gradient = draft.Score().Gradient;
            for (var row = 0; row < draft.Rows; row++)
            {
                var part = draft.Pick(gradient, row)!;
                if (part.Any(double.IsInfinity)) continue;
                // each entry is within a unit or so in the last place
                Assert.Equal(0, part.Sum(), 1e-15 * part.Sum(Math.Abs) + 1e-300);
            }
        },
        iter: Iterations);

    [Theory]
    [MemberData(nameof(LossTheories.LabelledCategorical), MemberType = typeof(LossTheories))]
    public void Score_OneHotLabels_SameBitsAsIndices(string loss) => BatchGenerator.Batches(loss).Sample(
        draft =>
        {
            var labels = Enumerable.Range(0, draft.Rows).Select(row => row * 7 % draft.Classes).ToArray();
            var indices = draft.Without("ignore_index") with
            {
                LabelForm = LabelForm.Indices,
                Labels = [.. labels.Select(label => (double)label)],
            };
            var oneHot = indices with
            {
                LabelForm = LabelForm.Dense,
                Labels = [.. labels.SelectMany(label => Enumerable.Range(0, draft.Classes).Select(c => c == label ? 1.0 : 0))],
            };
            var (fromIndices, fromOneHot) = (indices.Describe(), oneHot.Describe());
            Assert.Equal(fromIndices.Loss, fromOneHot.Loss);
            Assert.Equal(fromIndices.Totals, fromOneHot.Totals);
            Assert.Equal(fromIndices.Elements, fromOneHot.Elements);
            Assert.Equal(fromIndices.Metrics?.Accuracy, fromOneHot.Metrics?.Accuracy);
            Assert.Equal(fromIndices.Metrics?.Perplexity, fromOneHot.Metrics?.Perplexity);
        },
        iter: Iterations);

    /// <summary>A wrong tail or padding shows at some length, because it then stands at another place of the row.</summary>
    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Score_ClassesReversed_ReversesResultsAtEveryLength(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        for (var classes = 1; classes <= 257; classes++)
        {
            foreach (var form in loss.Accepts)
            {
                var space = new BatchSpace { Forms = [form], DTypes = [DType.Float64], Scales = [4], MaskChance = 0 };
                var draft = BatchGenerator.Draw(loss, space.OfSize(1, classes), seed: classes);
                if (!draft.IsBinary) draft = draft.Without("ignore_index");
                // its sums begin at the first class: from the last one, the rounding error of a row's sum is in others
                if (name == "ranked_probability_score" && (form, draft.LabelForm) != (PredictionForm.Logits, LabelForm.Indices)) continue;
                var perClass = draft.Options.Where(option => option.Value is double[]);
                var reversed = draft with
                {
                    Predictions = [.. draft.Predictions.Reverse()],
                    Labels = draft.LabelForm == LabelForm.Indices ? [classes - 1 - draft.Labels![0]] : draft.Labels?.Reverse().ToArray(),
                    SampleWeight = draft.SampleWeight?.Reverse().ToArray(),
                    Options = draft.Options.SetItems(perClass.Select(option =>
                        KeyValuePair.Create(option.Key, (object?)((double[])option.Value!).Reverse().ToArray()))),
                };

                var (forwards, backwards) = (draft.Score(), reversed.Score());

                AssertNear(forwards.Losses, [.. backwards.Losses.Reverse()]);
                AssertNear(forwards.Gradient, [.. backwards.Gradient.Reverse()]);
            }
        }
    }

    /// <summary>Between the derivative to the left and that to the right: which holds at a kink, too.</summary>
    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Gradient_AgainstFiniteDifferences_LiesBetweenThem(string loss)
    {
        var compared = 0L;
        BatchGenerator.Batches(loss).Sample(
            draft =>
            {
                // a row of probabilities with one of them moved is no distribution
                draft = draft.Take(0) with { DType = DType.Float64, Reduction = Reduction.Sum, IsUnchecked = true };
                // beyond, a difference has no digits left
                if (draft.Predictions.Any(x => Math.Abs(x) > 40)) return;
                var scored = draft.Score();
                var tolerance = 1e-6 * (1 + scored.Losses.Max(Math.Abs));
                for (var i = 0; i < scored.Gradient.Length; i++)
                {
                    var x = draft.Predictions[i];
                    if (!CanMove(draft.Form, x)) continue;
                    var (left, right) = (PDerivative(draft, scored, i, -1e-5), PDerivative(draft, scored, i, 1e-5));
                    if (!double.IsFinite(left + right)) continue;
                    var slack = tolerance + 1e-6 * (Math.Abs(left) + Math.Abs(right));
                    Assert.InRange(scored.Gradient[i], Math.Min(left, right) - slack, Math.Max(left, right) + slack);
                    Interlocked.Increment(ref compared);
                }
            },
            iter: Iterations);
        Assert.True(compared > 50, $"only {compared} derivatives could be compared");
    }

    private static bool CanMove(PredictionForm form, double x) => form switch
    {
        PredictionForm.Logits => true,
        PredictionForm.Probabilities => x is > 0.01 and < 0.99,
        _ => x is > -5 and < -0.01,
    };

    private static double PDerivative(Draft draft, Scored scored, int i, double step)
    {
        double[] moved = [.. draft.Predictions];
        moved[i] += step;
        return Difference((draft with { Predictions = moved }).Score().Losses, scored.Losses) / step;
    }

    private static double Difference(double[] moved, double[] losses) => moved.Zip(losses, (a, b) => a - b).Sum();

    private static void AssertNear(double[] expected, double[] actual)
    {
        var size = expected.Concat(actual).Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty().Max();
        Assert.All(expected.Zip(actual), pair =>
        {
            if (double.IsFinite(pair.First)) Assert.Equal(pair.First, pair.Second, 1e-15 * size);
            else Assert.Equal(pair.First, pair.Second);
        });
    }
}
