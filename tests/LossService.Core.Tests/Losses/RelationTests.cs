using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Losses;

/// <summary>What the losses are to each other: each identity holds two formulas, written apart, to the same numbers.</summary>
public sealed class RelationTests
{
    public static TheoryData<string, string> SameLosses => new()
    {
        { "focal gamma=0", "cross_entropy" },
        { "poly_cross_entropy epsilon=0", "cross_entropy" },
        { "binary_focal gamma=0 alpha=null", "binary_cross_entropy" },
        { "asymmetric gamma_pos=0 gamma_neg=0 shift=0", "binary_cross_entropy" },
    };

    [Theory]
    [MemberData(nameof(SameLosses))]
    public void Loss_WithItsOptionsOff_IsThePlainOne(string one, string other)
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var draft = Random(other, seed);
            var (expected, actual) = (With(draft, other).Score(), With(draft, one).Score());
            AssertNear(expected.Losses, actual.Losses);
            AssertNear(expected.Gradient, actual.Gradient);
        }
    }

    [Fact]
    public void KlDivergence_OfHardLabels_IsCrossEntropy() => ForHardLabels("kl_divergence", "cross_entropy");

    [Fact]
    public void GeneralizedCrossEntropy_WithQ1_IsTotalVariationOfHardLabels() =>
        ForHardLabels("generalized_cross_entropy q=1", "total_variation");

    [Fact]
    public void KlDivergence_IsCrossEntropyLessTheEntropyOfTheLabels()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var draft = Plain("kl_divergence", seed);
            draft = draft with { LabelForm = LabelForm.Dense, Labels = Softmax(draft) };
            var labels = draft with { Form = PredictionForm.Probabilities, Predictions = draft.Labels!, Labels = null };
            draft = draft with { Predictions = [.. draft.Predictions.Select((x, i) => x / 2 + i % 3)] };
            var expected = With(draft, "cross_entropy").Score().Losses.Zip(With(labels, "entropy").Score().Losses, (a, b) => a - b);
            AssertNear([.. expected], draft.Score().Losses, 1e-13);
        }
    }

    [Fact]
    public void KlDivergence_Reversed_IsForwardWithSidesExchanged()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var draft = Plain("kl_divergence", seed);
            var (p, t) = (Softmax(draft), Softmax(draft with { Predictions = [.. draft.Predictions.Reverse()] }));
            var forward = draft with { Form = PredictionForm.Probabilities, LabelForm = LabelForm.Dense, Predictions = p, Labels = t };
            var reverse = (forward with { Predictions = t, Labels = p }).With("direction", "reverse");
            AssertNear(forward.Score().Losses, reverse.Score().Losses);
            var half = With(forward, "js_divergence");
            AssertNear(half.Score().Losses, (half with { Predictions = t, Labels = p }).Score().Losses);
        }
    }

    [Fact]
    public void Brier_OfTwoClasses_IsTwiceBinaryBrier() => ForTwoClasses("brier", "binary_brier", 2);

    [Fact]
    public void RankedProbabilityScore_OfTwoClasses_IsBinaryBrier() => ForTwoClasses("ranked_probability_score", "binary_brier", 1);

    /// <summary>A label as far away as can be has the largest score, K − 1.</summary>
    [Fact]
    public void RankedProbabilityScore_OfTheOtherEnd_IsTheNumberOfThresholds()
    {
        for (var label = 0; label < 5; label++)
        {
            var draft = new Draft
            {
                Loss = LossCatalogue.Find("ranked_probability_score")!,
                Form = PredictionForm.Probabilities,
                Classes = 5,
                Predictions = [1, 0, 0, 0, 0],
                LabelForm = LabelForm.Indices,
                Labels = [label],
            };
            Assert.Equal(label, draft.Score().Loss);
        }
    }

    /// <summary>The reverse part of a hard label is −A(1 − p), twice the total variation at A = −2.</summary>
    [Fact]
    public void SymmetricCrossEntropy_OfHardLabels_IsCrossEntropyAndTotalVariation()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var space = new BatchSpace
            {
                Forms = [PredictionForm.Logits],
                DTypes = [DType.Float64],
                LabelForms = [LabelForm.Indices],
                OptionChance = 0,
            };
            var draft = BatchGenerator.Draw(LossCatalogue.Find("cross_entropy")!, space, seed) with { Unit = Unit.Nats };
            var mixed = With(draft, "symmetric_cross_entropy").With("alpha", 0.5).With("beta", 3.0).With("log_zero", -2.0).Score();
            var (entropy, variation) = (draft.Score().Losses, With(draft, "total_variation").Score().Losses);
            AssertNear([.. entropy.Zip(variation, (a, b) => (0.5 * a) + (6 * b))], mixed.Losses);
        }
    }

    [Fact]
    public void CrossEntropy_OfTwoClasses_IsBinaryCrossEntropy() => ForTwoClasses("cross_entropy", "binary_cross_entropy", 1);

    [Fact]
    public void Focal_OfTwoClasses_IsBinaryFocal() => ForTwoClasses("focal", "binary_focal alpha=null", 1);

    [Fact]
    public void SquaredHinge_IsTheHingeSquared()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var draft = Plain("hinge", seed);
            var (hinge, squared) = (draft.Score(), With(draft, "squared_hinge").Score());
            AssertNear([.. hinge.Losses.Select(x => x * x)], squared.Losses);
            AssertNear([.. hinge.Losses.Zip(hinge.Gradient, (x, derivative) => 2 * x * derivative)], squared.Gradient);
        }
    }

    [Fact]
    public void MulticlassHinge_OfTwoClasses_IsTwiceMultiMargin()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var space = new BatchSpace { Forms = [PredictionForm.Logits], DTypes = [DType.Float64], Scales = [2] };
            var draft = BatchGenerator.Draw(LossCatalogue.Find("multi_margin")!, space.OfSize(5, 2), seed);
            var (sum, max) = (draft.Without("p").Score(), With(draft.Without("p"), "multiclass_hinge").Score());
            AssertNear([.. sum.Losses.Select(x => 2 * x)], max.Losses);
        }
    }

    [Fact]
    public void MultilabelMargin_OfOneTrueClass_IsMultiMargin()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var draft = BatchGenerator.Draw(LossCatalogue.Find("multi_margin")!, new() { DTypes = [DType.Float64], Scales = [2] }, seed);
            draft = draft.Without("p", "top_k", "bins", "per_class", "confusion_matrix");
            var (one, several) = (draft.Score(), With(draft, "multilabel_margin").Score());
            AssertNear(one.Losses, several.Losses);
            AssertNear(one.Gradient, several.Gradient);
            Assert.Equal(one.Loss, several.Loss);
        }
    }

    private static void ForHardLabels(string one, string other)
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var draft = Plain("cross_entropy", seed) with { LabelForm = LabelForm.Indices };
            draft = draft with { Labels = [.. Enumerable.Range(0, draft.Rows).Select(row => (double)(row % draft.Classes))] };
            var (expected, actual) = (With(draft, other).Score(), With(draft, one).Score());
            AssertNear(expected.Losses, actual.Losses);
            AssertNear(expected.Gradient, actual.Gradient);
        }
    }

    /// <summary>A binary loss of z is the categorical one of [0, z].</summary>
    private static void ForTwoClasses(string categorical, string binary, double factor)
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            double[] z = [.. Enumerable.Range(0, 9).Select(_ => 40 * random.NextDouble() - 20)];
            double[] t = [.. Enumerable.Range(0, 9).Select(i => i < 4 ? i % 2 : random.NextDouble())];
            // soft labels are not the same thing to the two focal losses
            if (categorical == "focal") t = [.. t.Select(x => Math.Round(x))];
            var loss = LossCatalogue.Find("cross_entropy")!;
            var one = With(new() { Loss = loss, Classes = 9, Predictions = z, Labels = t }, binary).Score();
            var two = With(
                new()
                {
                    Loss = loss,
                    Rows = 9,
                    Classes = 2,
                    Predictions = [.. z.SelectMany(x => new[] { 0, x })],
                    Labels = [.. t.SelectMany(x => new[] { 1 - x, x })],
                },
                categorical).Score();
            AssertNear([.. one.Losses.Select(x => x * factor)], two.Losses, 1e-13);
            AssertNear([.. one.Gradient.Select(x => x * factor)], [.. two.Gradient.Where((_, i) => i % 2 == 1)], 1e-13);
        }
    }

    /// <summary>A float64 batch of logits with any of the loss's options.</summary>
    internal static Draft Random(string name, int seed) => BatchGenerator.Draw(
        LossCatalogue.Find(name.Split(' ')[0])!,
        new BatchSpace { Forms = [PredictionForm.Logits], DTypes = [DType.Float64], Scales = [8] }.OfSize(1 + seed % 5, 1 + seed % 11),
        seed);

    /// <summary>The same without options and weights, every sample kept.</summary>
    private static Draft Plain(string name, int seed) => Random(name, seed) with
    {
        Options = [],
        SampleWeight = null,
        Mask = null,
        Unit = Unit.Nats,
        Reduction = Reduction.Sum,
    };

    /// <summary>The draft of another loss, with <c>option=number</c> as the text says.</summary>
    private static Draft With(Draft draft, string text)
    {
        var words = text.Split(' ');
        var loss = LossCatalogue.Find(words[0])!;
        draft = draft with
        {
            Loss = loss,
            Options = draft.Options.RemoveRange(draft.Options.Keys.Except(loss.Options)),
            Unit = Unit.Nats,
        };
        draft = draft.Without("z_loss", "pos_weight");
        foreach (var word in words[1..])
        {
            var (name, value) = (word.Split('=')[0], word.Split('=')[1]);
            var form = loss.Options.Single(option => option.Name == name).Form;
            draft = draft.With(name, value == "null" ? null
                : form == OptionForm.Integer ? int.Parse(value, null) : double.Parse(value, null));
        }
        return draft;
    }

    private static double[] Softmax(Draft draft) =>
        With(draft, "cross_entropy").Describe().Probabilities;

    /// <summary>Numbers are the same but for rounding.</summary>
    internal static void AssertNear(double[] expected, double[] actual, double tolerance = 1e-14)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair =>
        {
            if (double.IsFinite(pair.First)) Assert.Equal(pair.First, pair.Second, tolerance * (1e-6 + Math.Abs(pair.First)));
            else Assert.Equal(pair.First, pair.Second);
        });
    }
}
