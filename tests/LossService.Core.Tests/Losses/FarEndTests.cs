using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Core.Validation;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Losses;

/// <summary>Numbers near the ends of the range of a double: what is accepted has the right result, the rest is refused.</summary>
public sealed class FarEndTests
{
    private static readonly double[] Logits = [0, 1, -1, 800, -800, 1e300, -1e300, double.MaxValue, -double.MaxValue];

    /// <summary>The ends of the ranges of all options of all losses.</summary>
    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Score_OptionsAtTheEndsOfTheirRanges_IsNeverNaN(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        double[] z = [.. from a in Logits from b in Logits from c in Logits from x in new[] { a, b, c } select x];
        foreach (var option in loss.Options.Where(option =>
            (option.OnlyWith ?? PredictionForm.Logits) == PredictionForm.Logits && option.OnlyWithLabels is null))
        {
            foreach (var end in EndsOf(option))
            {
                foreach (var label in Labels(loss.Labels))
                {
                    var draft = Of(name, z, 3, label is null ? null : [.. Enumerable.Repeat(label, z.Length / 3).SelectMany(row => row)]);
                    var scored = draft.With(option, end).Score();
                    AssertNoNaN(draft, scored, $"{option.Name} = {end}");
                }
            }
        }
    }

    /// <summary>e^−720 is subnormal: over a small temperature, a gradient made of it is a usual number.</summary>
    [Fact]
    public void Gradient_OfAProbabilityThatUnderflows_KeepsItsDigits()
    {
        var draft = Of("binary_cross_entropy", [7.2e-16], 1, [1]) with { Reduction = Reduction.Sum, DType = DType.Float64 };
        Assert.Equal(-2.0322308024244683518e-295, Assert.Single(draft.With("temperature", 1e-18).Score().Gradient), 4e-310);
    }

    /// <summary>The logarithms of the batch before, which are wanted for its metrics, must not be taken for those of this one.</summary>
    [Fact]
    public void Gradient_OfAProbabilityThatUnderflows_DoesNotDependOnTheBatchBefore()
    {
        var far = Of("binary_brier", [-7.2e-16], 1, [1]) with { Reduction = Reduction.Sum, DType = DType.Float64 };
        // p = t is computed in double-double, too
        Scored.Of(Of("binary_brier", [0], 1, [0.5]) with { DType = DType.Float64 }, OutputSet.Loss | OutputSet.Metrics);
        Assert.Equal(-4.0644616048489367e-295, Assert.Single(far.With("temperature", 1e-18).Score().Gradient), 8e-310);
    }

    [Theory]
    [InlineData("cross_entropy", "temperature", 1e-320)]
    [InlineData("binary_cross_entropy", "temperature", 1e-320)]
    [InlineData("cross_entropy", "temperature", 1e300)]
    [InlineData("focal", "gamma", 1e308)]
    [InlineData("binary_focal", "gamma", 1e308)]
    [InlineData("asymmetric", "gamma_neg", 1e308)]
    [InlineData("asymmetric", "gamma_pos", 1e308)]
    [InlineData("asymmetric", "shift", 1e-320)]
    [InlineData("cross_entropy", "z_loss", 1.7e308)]
    [InlineData("poly_cross_entropy", "epsilon", 1.7e308)]
    [InlineData("js_divergence", "beta", 1e-320)]
    [InlineData("hinge", "margin", 1.7e308)]
    [InlineData("multi_margin", "margin", 1.7e308)]
    [InlineData("multilabel_margin", "margin", 1.7e308)]
    public void Score_OptionBeyondItsRange_IsRefusedAndSaysTheRange(string loss, string option, double value)
    {
        var draft = Of(loss, [1, 2, 3], 3, Labels(LossCatalogue.Find(loss)!.Labels).First());
        var problem = Assert.Single(Assert.Throws<InvalidBatchException>(() => draft.With(option, value).Score()).Problems.First);
        Assert.Equal(option, problem.Field);
        Assert.Contains(draft.Loss.FindOption(option)!.Range, problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1e308)]
    [InlineData(1e-320)]
    [InlineData(-1e101)]
    [InlineData(-1e-101)]
    public void Score_WeightsFarFromOne_AreRefused(double weight)
    {
        var draft = Of("cross_entropy", [1, 2, 3, 4], 2, [0, 1, 1, 0]) with { Reduction = Reduction.Sum, SampleWeight = [1, weight] };
        var problem = Assert.Single(Assert.Throws<InvalidBatchException>(() => draft.Score()).Problems.First);
        Assert.Equal("sample_weight", problem.Field);
        Assert.Contains("1e-100 to 1e100", problem.Detail, StringComparison.Ordinal);
        if (weight < 0) return;
        draft = (draft with { SampleWeight = null }).With("class_weight", new[] { 1, weight });
        Assert.Equal("class_weight", Assert.Single(Assert.Throws<InvalidBatchException>(() => draft.Score()).Problems.First).Field);
    }

    /// <summary>The mean is the same for any uniform weight.</summary>
    [Theory]
    [InlineData(1e-100)]
    [InlineData(1e100)]
    public void Mean_WeightsAtTheEndsOfTheirRange_IsThatOfPlainSamples(double weight)
    {
        var draft = Of("cross_entropy", [1, 2, 3, 5, 0, 7], 2, [0, 1, 1, 0, 0.25, 0.75]);
        var plain = draft.Score();
        var weighted = (draft with { SampleWeight = [weight, weight, weight] }).With("class_weight", new[] { weight, weight }).Score();
        Assert.Equal(plain.Loss!.Value, weighted.Loss!.Value, 1e-15);
        Assert.All(plain.Gradient.Zip(weighted.Gradient), pair => Assert.Equal(pair.First, pair.Second, 1e-15));
    }

    [Theory]
    [InlineData("cross_entropy")]
    [InlineData("kl_divergence")]
    public void Loss_DifferenceOfLogitsBeyondTheRange_IsDividedByTheTemperature(string loss)
    {
        var scored = Of(loss, [9e307, -9e307], 2, [0, 1]).With("temperature", 10.0).Score();
        Assert.Equal(1.8e307, scored.Loss!.Value, 1e292);
        Assert.Equal([0.1, -0.1], scored.Gradient);
    }

    [Theory]
    [InlineData("multi_margin")]
    [InlineData("multilabel_margin")]
    public void Margins_DifferenceOfLogitsBeyondTheRange_IsDividedByTheClasses(string loss)
    {
        var scored = Of(loss, [9e307, -9e307, -9e307], 3, [0, 1, 0]).Score();
        Assert.Equal(6e307, scored.Loss!.Value, 1e292);
        Assert.Equal([1 / 3.0, -1 / 3.0, 0], Of(loss, [9e307, -9e307, -1e308], 3, [0, 1, 0]).Score().Gradient);
    }

    [Theory]
    [InlineData("binary_cross_entropy")]
    [InlineData("hinge")]
    public void Mean_SumBeyondTheRange_IsFinite(string loss)
    {
        var scored = Of(loss, [-1.5e308, -1.7e308, -1e308], 3, [1, 1, 1]).Score();
        Assert.Equal(1.4e308, scored.Loss!.Value, 1e293);
        Assert.Equal(double.PositiveInfinity, scored.Totals.Loss);
    }

    private static IEnumerable<object> EndsOf(Option option)
    {
        double[] ends = [option.Minimum, option.MinimumAboveZero > 0 ? option.MinimumAboveZero : option.Minimum, option.Maximum];
        foreach (var end in ends.Where(double.IsFinite).Distinct())
        {
            var value = !option.Open ? end : end == option.Minimum ? 2 * end : Math.BitDecrement(end);
            switch (option.Form)
            {
                case OptionForm.Number: yield return value; break;
                case OptionForm.PerClass or OptionForm.NumberOrPerClass: yield return Enumerable.Repeat(value, 3).ToArray(); break;
            }
        }
    }

    private static IEnumerable<double[]?> Labels(LabelRule rule) => rule switch
    {
        LabelRule.None => [null],
        LabelRule.Bit or LabelRule.Class => [[0, 1, 0]],
        LabelRule.Classes => [[0, 1, 0], [1, 1, 0]],
        LabelRule.Relevance => [[0, 1, 0], [2, 1, 0]],
        LabelRule.Probability => [[0, 1, 0.25]],
        _ => [[0, 1, 0], [0.25, 0, 0.75]],
    };

    private static void AssertNoNaN(Draft draft, Scored scored, string what)
    {
        for (var row = 0; row < draft.Rows; row++)
        {
            if (!draft.Pick(scored.Losses, row)!.Concat(draft.Pick(scored.Gradient, row)!).Any(double.IsNaN)) continue;
            Assert.Fail($"NaN with {what} of {draft.Take(row)}");
        }
    }

    private static Draft Of(string loss, double[] logits, int classes, double[]? labels) => new()
    {
        Loss = LossCatalogue.Find(loss)!,
        Rows = logits.Length / classes,
        Classes = classes,
        Predictions = logits,
        Labels = labels,
    };
}
