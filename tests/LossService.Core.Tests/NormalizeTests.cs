using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Core.Validation;
using LossService.Tests.Shared;

namespace LossService.Core.Tests;

/// <summary>Probabilities and dense labels that do not sum to 1: what is taken, and what <c>clip</c> and <c>normalize</c> do.</summary>
public sealed class NormalizeTests
{
    /// <summary>The losses that take probabilities of classes.</summary>
    public static TheoryData<string> Losses => [.. LossCatalogue.All
        .Where(loss => loss.Kind == LossKind.Categorical && loss.FindOption("normalize") is not null).Select(loss => loss.Name)];

    [Theory, MemberData(nameof(Losses))]
    public void Score_Normalized_IsThatOfTheQuotients(string name)
    {
        foreach (var good in HostileBatches.Good(LossCatalogue.Find(name)!).Where(good => good.Form == PredictionForm.Probabilities))
        {
            double[] scales = [1, 0.25, 8];
            var scaled = Scaled(good, scales).With("normalize", true);
            var (expected, actual) = (good.With("normalize", true).Describe(), scaled.Describe());
            AssertClose(expected.Losses, actual.Losses, 1e-14);
            AssertClose(expected.Probabilities, actual.Probabilities, 1e-15);
            // ∂f(x/Σx)/∂x shrinks as x grows
            AssertClose(expected.Gradient.Select((g, i) => g / scales[i / good.Classes]), actual.Gradient, 1e-13);
            if (good.LabelForm != LabelForm.Dense || good.Labels is null) continue;
            var labels = good.With("normalize", true) with { Labels = [.. good.Labels.Select(label => 3 * label)] };
            AssertClose(expected.Losses, labels.Describe().Losses, 1e-14);
        }
    }

    [Theory, MemberData(nameof(Losses))]
    public void Gradient_Normalized_IsThatOfThePostedNumbers(string name)
    {
        foreach (var good in HostileBatches.Good(LossCatalogue.Find(name)!).Where(good => good.Form == PredictionForm.Probabilities))
        {
            var draft = Scaled(good, [1, 0.25, 8]).With("normalize", true);
            var gradient = draft.Describe().Gradient;
            for (var i = 0; i < draft.Predictions.Length; i++)
            {
                var step = 1e-6 * draft.Predictions[i];
                double At(double by) => (draft with
                {
                    Predictions = [.. draft.Predictions.Select((x, j) => i == j ? x + by : x)],
                }).Describe().Loss!.Value;
                var slope = (At(step) - At(-step)) / (2 * step);
                Assert.True(Math.Abs(slope - gradient[i]) <= 1e-6 * (1 + Math.Abs(slope)), $"{draft}: {slope} against {gradient[i]}");
            }
        }
    }

    [Theory]
    [InlineData(DType.Float64, 1e-6)]
    [InlineData(DType.Float32, 1e-4)]
    [InlineData(DType.Float16, 1e-2)]
    [InlineData(DType.BFloat16, 5e-2)]
    public void Probabilities_WithinTheTolerance_AreTaken(DType dtype, double tolerance)
    {
        Assert.Equal(tolerance, dtype.SumTolerance());
        if (dtype is DType.Float16 or DType.BFloat16) return;
        foreach (var name in Losses.Select(row => row.Data))
        {
            Assert.Empty(Problems(name, dtype, [0.5, 0.5 + 0.9 * tolerance]));
            var refusal = Assert.Single(Problems(name, dtype, [0.5, 0.5 + 1.2 * tolerance]));
            Assert.Contains("must sum to 1 (±", refusal, StringComparison.Ordinal);
            Assert.Contains("normalize", refusal, StringComparison.Ordinal);
            Assert.Contains("clip", refusal, StringComparison.Ordinal);
            Assert.Contains("from 0 to 1", Assert.Single(Problems(name, dtype, [1 + 0.5 * tolerance, 0])), StringComparison.Ordinal);
            Assert.Empty(Problems(name, dtype, [1 + 0.5 * tolerance, 0], ("clip", 1e-7)));
            Assert.Empty(Problems(name, dtype, [1, -0.5 * tolerance], ("clip", 1e-7)));
            Assert.NotEmpty(Problems(name, dtype, [1 + 2 * tolerance, -tolerance / 2], ("clip", 1e-7)));
            Assert.Empty(Problems(name, dtype, [3, 5], ("normalize", true)));
            Assert.Contains("at least 0", Assert.Single(Problems(name, dtype, [3, -1], ("normalize", true))), StringComparison.Ordinal);
            Assert.Contains("cannot be normalized",
                Assert.Single(Problems(name, dtype, [0, 0], ("normalize", true))), StringComparison.Ordinal);
            Assert.NotEmpty(Problems(name, dtype, [3, double.PositiveInfinity], ("normalize", true)));
        }
    }

    [Fact]
    public void Probabilities_OfAFloat32Softmax_AreTakenAsFloat64()
    {
        var random = new Random(5);
        for (var i = 0; i < 40; i++)
        {
            var e = Enumerable.Range(0, 10).Select(_ => MathF.Exp((float)(6 * random.NextDouble() - 3))).ToArray();
            Assert.Empty(Problems("cross_entropy", DType.Float64, [.. e.Select(x => (double)(x / e.Sum()))]));
        }
    }

    [Fact]
    public void BinaryProbabilities_OutsideByTheTolerance_AreTakenWithClip()
    {
        Assert.Contains("clip takes numbers outside by at most 1e-6",
            Assert.Single(Problems("binary_cross_entropy", DType.Float64, [1 + 1e-7, 0.5])), StringComparison.Ordinal);
        Assert.Empty(Problems("binary_cross_entropy", DType.Float64, [1 + 1e-7, -1e-7], ("clip", 1e-7)));
    }

    [Fact]
    public void DenseLabels_NotSummingTo1_NameNormalize() => Assert.Contains("normalize divides rows by their sums", Assert.Single(Texts(
        Two("cross_entropy", DType.Float64, [0.5, 0.5]) with { Labels = [0.5, 0.6] })), StringComparison.Ordinal);

    private static Draft Scaled(Draft draft, double[] scales) => draft with
    {
        Predictions = [.. draft.Predictions.Select((p, i) => p * scales[i / draft.Classes])],
    };

    private static Draft Two(string name, DType dtype, double[] predictions) => new()
    {
        Loss = LossCatalogue.Find(name)!,
        Form = PredictionForm.Probabilities,
        DType = dtype,
        Classes = predictions.Length,
        Predictions = predictions,
        Labels = LossCatalogue.Find(name)!.Labels == LabelRule.None ? null : [1, .. new double[predictions.Length - 1]],
    };

    private static string[] Problems(string name, DType dtype, double[] predictions, params (string Option, object Value)[] options)
    {
        var draft = Two(name, dtype, predictions);
        foreach (var (option, value) in options) draft = draft.With(option, value);
        return Texts(draft);
    }

    private static string[] Texts(Draft draft)
    {
        var problems = new BatchProblems();
        using var batch = draft.ToBatch(OutputSet.Loss);
        Scorer.TryScore(draft.Loss, batch, problems, TestContext.Current.CancellationToken)?.Dispose();
        return [.. problems.First.Select(problem => problem.Detail)];
    }

    private static void AssertClose(IEnumerable<double> expected, IEnumerable<double> actual, double tolerance)
    {
        foreach (var (e, a) in expected.Zip(actual))
            Assert.True(e == a || Math.Abs(e - a) <= tolerance * (1 + Math.Abs(e)), $"{e} against {a}");
    }
}
