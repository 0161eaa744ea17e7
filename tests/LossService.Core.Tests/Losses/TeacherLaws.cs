using CsCheck;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Core.Validation;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Losses;

/// <summary>What holds of every loss whose labels are a teacher's predictions.</summary>
public sealed class TeacherLaws
{
    private const int Iterations = 40;

    private static readonly BatchSpace Taught = new() { LabelForms = [LabelForm.Logits, LabelForm.LogProbabilities] };

    private static readonly BatchSpace Smooth = Taught with
    {
        DTypes = [DType.Float64],
        Scales = [1, 3],
        Classes = (2, 7),
        MaskChance = 0,
        Reductions = [Reduction.Sum],
    };

    [Theory]
    [MemberData(nameof(LossTheories.Taught), MemberType = typeof(LossTheories))]
    public void Score_RowAlone_SameBitsAsInBatch(string loss) => BatchGenerator.Batches(loss, Taught with { SpecialChance = 0.05 }).Sample(
        LabelLaws.AssertRowsAreIndependent, iter: Iterations);

    [Theory]
    [MemberData(nameof(LossTheories.Taught), MemberType = typeof(LossTheories))]
    public void Score_Float32_IsTheResultOfDoubleDoubleOrItsNeighbour(string loss) => BatchGenerator.Batches(
        loss, Taught with { DTypes = [DType.Float32], SpecialChance = 0.05 }).Sample(
        LabelLaws.AssertFloat32IsExact, iter: Iterations);

    [Theory]
    [MemberData(nameof(LossTheories.Taught), MemberType = typeof(LossTheories))]
    public void Score_Teacher_IsItsDistributionAsDenseLabels(string loss) => BatchGenerator.Batches(loss, Smooth).Sample(
        draft =>
        {
            var dense = draft.Without("label_temperature") with { LabelForm = LabelForm.Dense, Labels = Distribution(draft) };
            LabelLaws.AssertNear(dense.Score().Elements, draft.Score().Elements, 1e-11);
        },
        iter: Iterations);

    [Theory]
    [MemberData(nameof(LossTheories.Taught), MemberType = typeof(LossTheories))]
    public void Score_Gradient_IsTheDifferenceOfLosses(string loss) => BatchGenerator.Batches(
        loss, Smooth with { Rows = (1, 1), Forms = [PredictionForm.Logits], WeightChance = 0 }).Sample(
        draft =>
        {
            const double Step = 1e-5;
            var gradient = draft.Score().Gradient;
            var differences = Enumerable.Range(0, gradient.Length).Select(i =>
                (Shifted(draft, i, Step).Score().Loss!.Value - Shifted(draft, i, -Step).Score().Loss!.Value) / (2 * Step));
            // a formula may have a kink between the two
            if (loss is not ("total_variation" or "asymmetric")) LabelLaws.AssertNear(differences, gradient, 1e-5);
        },
        iter: Iterations);

    /// <summary>All other classes at −∞ leave one: bit for bit its index.</summary>
    [Theory]
    [MemberData(nameof(LossTheories.TaughtCategorical), MemberType = typeof(LossTheories))]
    public void Score_TeacherOfOneClass_SameBitsAsIndex(string loss) => BatchGenerator.Batches(
        loss, new() { LabelForms = [LabelForm.Indices] }).Sample(
        draft =>
        {
            draft = draft.Without("ignore_index");
            var logits = draft.Labels!.SelectMany(label => Enumerable.Range(0, draft.Classes)
                .Select(c => c == (int)label ? 7.5 : double.NegativeInfinity));
            var (index, taught) = (draft.Describe(), (draft with { LabelForm = LabelForm.Logits, Labels = [.. logits] }).Describe());
            Assert.Equal(index.Elements, taught.Elements);
            Assert.Equal(index.Totals, taught.Totals);
            Assert.Equal(index.Metrics?.Accuracy, taught.Metrics?.Accuracy);
        },
        iter: Iterations);

    [Theory]
    [InlineData("kl_divergence")]
    [InlineData("js_divergence")]
    [InlineData("brier")]
    [InlineData("total_variation")]
    [InlineData("binary_brier")]
    public void Score_TeacherThatAgrees_IsExactly0(string loss) => BatchGenerator.Batches(
        loss, Taught with { Forms = [PredictionForm.Logits], LabelForms = [LabelForm.Logits], OptionChance = 0 }).Sample(
        draft => Assert.All((draft with { Labels = draft.Predictions }).Score().Losses, value => Assert.Equal(0, value)),
        iter: Iterations);

    [Theory]
    [MemberData(nameof(LossTheories.Taught), MemberType = typeof(LossTheories))]
    public void Score_TemperatureSquared_MultipliesLossAndGradient(string loss) => BatchGenerator.Batches(
        loss, Smooth with { Forms = [PredictionForm.Logits] }).Sample(
        draft =>
        {
            draft = draft.Without("temperature_squared").With("temperature", 3.0);
            var (plain, squared) = (draft.Describe(), draft.With("temperature_squared", true).Describe());
            LabelLaws.AssertNear([plain.Loss!.Value * 9, .. plain.Losses.Select(x => 9 * x), .. plain.Gradient.Select(x => 9 * x)],
                [squared.Loss!.Value, .. squared.Losses, .. squared.Gradient], 1e-14);
            Assert.Equal(plain.Entropy, squared.Entropy);
            Assert.Equal(plain.Totals.Weight, squared.Totals.Weight);
            Assert.Equal(plain.Metrics?.Perplexity, squared.Metrics?.Perplexity);
        },
        iter: Iterations);

    [Theory]
    [MemberData(nameof(LossTheories.Taught), MemberType = typeof(LossTheories))]
    public void Score_WithoutLabelTemperature_TakesThatOfThePredictions(string loss) => BatchGenerator.Batches(
        loss, Taught with { LabelForms = [LabelForm.Logits], Forms = [PredictionForm.Logits] }).Sample(
        draft =>
        {
            draft = draft.Without("label_temperature").With("temperature", 2.5);
            Assert.Equal(draft.Score().Elements, draft.With("label_temperature", 2.5).Score().Elements);
        },
        iter: Iterations);

    [Theory]
    [MemberData(nameof(LossTheories.Labelled), MemberType = typeof(LossTheories))]
    public void Score_TeacherOfHardLabels_IsRefused(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        if (loss.LabelForms.Contains(TargetForm.Logits)) return;
        var draft = HostileBatches.Good(loss).First();
        var problem = Assert.Single(Refuse(draft with { LabelForm = LabelForm.Logits, Labels = draft.Predictions }));
        Assert.Equal("label_logits", problem.Field);
        var taken = loss.Labels == LabelRule.Relevance ? "relevances" : "hard labels";
        Assert.StartsWith($"{name} takes {taken} only", problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(LabelForm.Logits, double.NaN, "expected a number, got NaN")]
    [InlineData(LabelForm.LogProbabilities, double.NaN, "expected a number of at most 0, got NaN")]
    [InlineData(LabelForm.LogProbabilities, 0.5, "expected a number of at most 0, got 0.5")]
    internal void Score_NumberThatIsNoTeachers_IsRefusedAtItsPlace(LabelForm form, double value, string detail) =>
        Assert.All(LossCatalogue.All.Where(loss => loss.LabelForms.Contains(TargetForm.Logits)), loss =>
        {
            var draft = Good(loss, form);
            draft.Labels![draft.Classes + 1] = value;
            var problem = Assert.Single(Refuse(draft));
            Assert.Equal((draft.Target.Name(), "1, 1"), (problem.Field, string.Join(", ", problem.Position)));
            Assert.StartsWith(detail, problem.Detail, StringComparison.Ordinal);
        });

    [Fact]
    public void Score_RowWithoutADistribution_IsRefused() => Assert.All(
        LossCatalogue.All.Where(loss => loss.Kind == LossKind.Categorical && loss.LabelForms.Contains(TargetForm.Logits)), loss =>
        {
            var (logits, logs) = (Good(loss, LabelForm.Logits), Good(loss, LabelForm.LogProbabilities));
            logits.Labels.AsSpan(logits.Classes, logits.Classes).Fill(double.NegativeInfinity);
            logs.Labels.AsSpan(logs.Classes, logs.Classes).Fill(-1);
            foreach (var (draft, detail) in new[] { (logits, "all logits are -Infinity"), (logs, "must sum to 1") })
            {
                var problem = Assert.Single(Refuse(draft));
                Assert.Equal((draft.Target.Name(), 1), (problem.Field, Assert.Single(problem.Position)));
                Assert.Contains(detail, problem.Detail, StringComparison.Ordinal);
            }
        });

    [Fact]
    public void Score_OptionsOfOtherLabels_AreRefused() => Assert.All(
        LossCatalogue.All.Where(loss => loss.LabelForms.Contains(TargetForm.Logits)), loss =>
        {
            Assert.Equal("ignore_index", Assert.Single(Refuse(Good(loss, LabelForm.Logits).With("ignore_index", new long[] { 1 }))).Field);
            foreach (var form in new[] { LabelForm.Dense, LabelForm.LogProbabilities })
                Assert.Equal("label_temperature", Assert.Single(Refuse(Good(loss, form).With("label_temperature", 2.0))).Field);
        });

    private static Draft Good(Loss loss, LabelForm form)
    {
        var space = Taught with
        {
            LabelForms = [form],
            DTypes = [DType.Float64],
            Scales = [3],
            OptionChance = 0,
            MaskChance = 0,
            WeightChance = 0,
            ClassAxisChance = 0,
        };
        return BatchGenerator.Draw(loss, space.OfSize(3, 4), seed: 5);
    }

    private static IReadOnlyList<BatchProblem> Refuse(Draft draft) =>
        Assert.Throws<InvalidBatchException>(() => draft.Score()).Problems.First;

    private static Draft Shifted(Draft draft, int element, double step)
    {
        double[] z = [.. draft.Predictions];
        z[element] += step;
        return draft with { Predictions = z };
    }

    private static double[] Distribution(Draft draft)
    {
        if (draft.LabelForm == LabelForm.LogProbabilities) return [.. draft.Labels!.Select(Math.Exp)];
        var temperature = draft.ValueOf("label_temperature") ?? draft.ValueOf("temperature") ?? 1.0;
        double[] z = [.. draft.Labels!.Select(x => x / (double)temperature)];
        if (draft.IsBinary) return [.. z.Select(x => 1 / (1 + Math.Exp(-x)))];
        return [.. z.Chunk(draft.Classes).SelectMany(row =>
        {
            double[] e = [.. row.Select(x => Math.Exp(x - row.Max()))];
            return e.Select(x => x / e.Sum());
        })];
    }
}
