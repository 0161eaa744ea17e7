using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Losses;

/// <summary>The ends of the domain: infinite logits, probabilities of 0 and 1, targets that nothing predicts.</summary>
public sealed class EdgeTests
{
    private static readonly double[] ExtremeLogits =
        [0, 1e3, -1e3, 1e20, -1e20, double.MaxValue, -double.MaxValue, double.NegativeInfinity, double.PositiveInfinity];

    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Score_ExtremeLogits_IsNeverNaN(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        var rows = Rows(ExtremeLogits).Where(row => loss.Kind == LossKind.Binary || IsDistribution(row));
        AssertNoNaN(loss, PredictionForm.Logits, [.. rows]);

        static bool IsDistribution(double[] row) =>
            row.Any(z => z > double.NegativeInfinity) && row.Count(double.IsPositiveInfinity) <= 1;
    }

    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Score_LogitsOfAThousand_IsFinite(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        foreach (var draft in Variants(loss, PredictionForm.Logits, [.. Rows([0, 1, 1e3, -1e3])]))
        {
            // infinite by definition wherever a label is 0
            if (draft.Options.ContainsValue("reverse")) continue;
            Assert.All(draft.Describe().Elements, value => Assert.True(double.IsFinite(value)));
        }
    }

    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Score_ProbabilitiesOfZeroAndOne_IsNeverNaN(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        double[][] rows = [.. Rows([0, 1, 0.5, 0.25, double.Epsilon, 1e-300])
            .Where(row => loss.Kind == LossKind.Binary || Math.Abs(row.Sum() - 1) < 1e-9)];
        if (loss.Accepts.Contains(PredictionForm.Probabilities)) AssertNoNaN(loss, PredictionForm.Probabilities, rows);
        if (loss.Accepts.Contains(PredictionForm.LogProbabilities))
            AssertNoNaN(loss, PredictionForm.LogProbabilities, [.. rows.Select(row => row.Select(p => Math.Log(p)).ToArray())]);
    }

    [Theory]
    [InlineData("cross_entropy", 4.248354255291589e-18)]
    [InlineData("kl_divergence", 4.248354255291589e-18)]
    [InlineData("total_variation", 4.248354255291589e-18)]
    [InlineData("brier", 3.609702775690830314e-35)]
    [InlineData("ranked_probability_score", 1.804851387845415157e-35)]
    [InlineData("symmetric_cross_entropy", 1.7418252446695514831e-17)]
    [InlineData("js_divergence", 1.4723673870376055099e-18)]
    [InlineData("poly_cross_entropy", 1.2745062765874766941e-17)]
    [InlineData("generalized_cross_entropy", 4.248354255291589e-18)]
    [InlineData("focal", 7.667648073721999551e-53)]
    public void Loss_AlmostRight_KeepsItsDigits(string loss, double expected) =>
        Assert.Equal(expected, Of(loss, [40, 0], 0).Score().Loss!.Value, 4 * (Math.BitIncrement(expected) - expected));

    [Fact]
    public void CrossEntropy_MinusInfinityBesideTheTarget_CostsNothing()
    {
        var scored = Of("cross_entropy", [1, double.NegativeInfinity, 2], 2).Score();
        Assert.Equal(Of("cross_entropy", [1, 2], 1).Score().Loss, scored.Loss);
        Assert.Equal(0, scored.Gradient[1]);
    }

    [Fact]
    public void CrossEntropy_MinusInfinityAtTheTarget_IsInfiniteWithTheLimitOfItsGradient()
    {
        var scored = Of("cross_entropy", [0, double.NegativeInfinity, 0], 1).Score();
        Assert.Equal(double.PositiveInfinity, scored.Loss);
        Assert.Equal([0.5, -1, 0.5], scored.Gradient);
    }

    [Fact]
    public void CrossEntropy_OneInfiniteLogit_TakesAllProbability()
    {
        var described = Of("cross_entropy", [1, double.PositiveInfinity, 2], 1).Describe();
        Assert.Equal([0, 1, 0], described.Probabilities);
        Assert.Equal(0, described.Loss);
        Assert.All(described.Gradient, derivative => Assert.Equal(0, derivative));
        Assert.Equal(double.PositiveInfinity, Of("cross_entropy", [1, double.PositiveInfinity, 2], 0).Score().Loss);
    }

    [Fact]
    public void Metrics_OneInfiniteLogit_RankTheOthersByTheirOwnLogits()
    {
        var draft = Of("cross_entropy", [5, double.PositiveInfinity, 1, 7], 3).With("top_k", new long[] { 1, 2 });
        Assert.Equal([KeyValuePair.Create(1, (double?)0), KeyValuePair.Create(2, (double?)1)], draft.Describe().Metrics!.TopKAccuracy);
    }

    [Fact]
    public void CrossEntropy_ProbabilityZeroAtTheTarget_IsInfiniteUnlessClipped()
    {
        var draft = Of("cross_entropy", [0, 1], 0) with { Form = PredictionForm.Probabilities };
        Assert.Equal(double.PositiveInfinity, draft.Score().Loss);
        var clipped = draft.With("clip", 0.125).Score();
        Assert.Equal(Math.Log(8), clipped.Loss!.Value, 1e-15);
        Assert.Equal([0, 0], clipped.Gradient);
    }

    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Score_MeanOverNothing_HasNoLossAndNoGradient(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        var space = new BatchSpace { Forms = [PredictionForm.Logits], DTypes = [DType.Float64], Scales = [1] };
        var draft = BatchGenerator.Draw(loss, space.OfSize(4, 3), seed: 1);
        var masked = draft with { Mask = new bool[draft.Samples] };
        var weightless = draft with { Mask = null, SampleWeight = new double[draft.Samples] };
        AssertScored(null, masked, Reduction.Mean, MeanOver.Weight);
        AssertScored(null, masked, Reduction.Mean, MeanOver.Samples);
        AssertScored(0, masked, Reduction.Sum, MeanOver.Weight);
        AssertScored(null, weightless, Reduction.Mean, MeanOver.Weight);
        AssertScored(0, weightless.Without("ignore_index"), Reduction.Mean, MeanOver.Samples);
        AssertScored(0, weightless, Reduction.Sum, MeanOver.Samples);

        static void AssertScored(double? loss, Draft batch, Reduction reduction, MeanOver over)
        {
            var scored = (batch with { Reduction = reduction, MeanOver = over, Divisor = null }).Score();
            Assert.Equal(loss, scored.Loss);
            Assert.Equal(0, scored.Totals.Loss);
            Assert.All(scored.Gradient, derivative => Assert.Equal(0, derivative));
        }
    }

    [Theory]
    [InlineData("hinge")]
    [InlineData("squared_hinge")]
    public void Hinge_AtTheKink_HasGradientZero(string name)
    {
        var scored = Of(name, [1, -1, 1, 0.5], [1, 0, 0, 1]).Score();
        Assert.Equal([0, 0], scored.Gradient[..2]);
        Assert.True(scored.Gradient[2] > 0 && scored.Gradient[3] < 0);
    }

    [Theory]
    [InlineData("multiclass_hinge")]
    [InlineData("multi_margin")]
    [InlineData("multilabel_margin")]
    public void Margin_AtTheKink_HasGradientZero(string name) =>
        Assert.Equal([0, 0, 0], Of(name, [2, 1, 0], 0).Score().Gradient);

    [Fact]
    public void MulticlassHinge_EqualRivals_PushesTheFirst() =>
        Assert.Equal([-1, 1, 0], Of("multiclass_hinge", [0, 0.5, 0.5], 0).Score().Gradient);

    [Fact]
    public void TotalVariation_PredictionsAreTheLabels_HasGradientZero()
    {
        var scored = Of("total_variation", [0.25, 0.25, 0.5], [0.25, 0.5, 0.25]) with { Form = PredictionForm.Probabilities };
        Assert.Equal([0, -0.5, 0.5], scored.Score().Gradient);
    }

    [Fact]
    public void KlDivergence_ReverseOffTheLabels_IsInfiniteAndPushesBack()
    {
        var scored = Of("kl_divergence", [0, 0, double.NegativeInfinity], 0).With("direction", "reverse").Score();
        Assert.Equal(double.PositiveInfinity, scored.Loss);
        Assert.Equal([double.NegativeInfinity, double.PositiveInfinity, 0], scored.Gradient);
    }

    private static Draft Of(string loss, double[] predictions, int label) => new()
    {
        Loss = LossCatalogue.Find(loss)!,
        Classes = predictions.Length,
        Predictions = predictions,
        LabelForm = LabelForm.Indices,
        Labels = [label],
    };

    private static Draft Of(string loss, double[] predictions, double[] labels) => new()
    {
        Loss = LossCatalogue.Find(loss)!,
        Classes = predictions.Length,
        Predictions = predictions,
        Labels = labels,
    };

    /// <summary>Every row of three of the values.</summary>
    private static IEnumerable<double[]> Rows(double[] values) =>
        from a in values from b in values from c in values select new[] { a, b, c };

    private static IEnumerable<double[]?> Targets(Loss loss) => loss.Labels switch
    {
        LabelRule.None => [null],
        LabelRule.Bit => [[0, 1, 1]],
        LabelRule.Probability => [[0, 1, 0.25], [1, 0, 0]],
        LabelRule.Class => [[1, 0, 0], [0, 0, 1]],
        LabelRule.Classes => [[1, 0, 0], [0, 1, 1], [0, 0, 0]],
        LabelRule.Relevance => [[1, 0, 0], [2, -1, 0.5], [0, 3, 3], [1, 1, 1]],
        _ => [[1, 0, 0], [0, 0, 1], [0.25, 0.75, 0], [0.5, 0.25, 0.25]],
    };

    /// <summary>All the rows in one batch, for every target; with the options as they are, and with each at some other value.</summary>
    private static IEnumerable<Draft> Variants(Loss loss, PredictionForm form, double[][] rows)
    {
        foreach (var target in Targets(loss))
        {
            var draft = new Draft
            {
                Loss = loss,
                Form = form,
                Rows = rows.Length,
                Classes = 3,
                Predictions = [.. rows.SelectMany(row => row)],
                Labels = target is null ? null : [.. rows.SelectMany(_ => target)],
            };
            yield return draft;
            foreach (var option in loss.Options.Where(option => (option.OnlyWith ?? form) == form && option.OnlyWithLabels is null))
            {
                object[] values = option.Form switch
                {
                    OptionForm.Choice => [.. option.Choices],
                    OptionForm.Integer when option == SharedOptions.ClassAxis => [-1],
                    OptionForm.Integer => [(int)Math.Min(option.Maximum, 4)],
                    OptionForm.Number => [.. new[] { 0, 0.125, 0.5, 1 }.Where(option.Allows)],
                    _ => [],
                };
                foreach (var value in values) yield return draft.With(option, value);
            }
        }
    }

    private static void AssertNoNaN(Loss loss, PredictionForm form, double[][] rows)
    {
        foreach (var draft in Variants(loss, form, rows))
        {
            var scored = draft.Describe();
            for (var row = 0; row < draft.Rows; row++)
            {
                // where a label is 0, the reverse divergence is infinite and has no second derivative
                var hessian = draft.Options.ContainsValue("reverse") ? [] : scored.Hessian;
                double[][] parts =
                    [scored.Losses, scored.Gradient, hessian, scored.Probabilities, scored.LogProbabilities, scored.Entropy];
                Assert.False(parts.Any(part => part.Length > 0 && draft.Pick(part, row)!.Any(double.IsNaN)), $"NaN of {draft.Take(row)}");
            }
        }
    }
}
