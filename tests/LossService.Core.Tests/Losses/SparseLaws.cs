using CsCheck;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Core.Validation;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Losses;

/// <summary>What holds of every loss whose labels are sparse rows.</summary>
public sealed class SparseLaws
{
    private const int Iterations = 40;

    private static readonly BatchSpace Sparse = new() { LabelForms = [LabelForm.Values, LabelForm.LogValues] };

    private static readonly BatchSpace Smooth = Sparse with { DTypes = [DType.Float64], Scales = [1, 3], Classes = (2, 60) };

    [Theory]
    [MemberData(nameof(LossTheories.TaughtCategorical), MemberType = typeof(LossTheories))]
    public void Score_RowAlone_SameBitsAsInBatch(string loss) => BatchGenerator.Batches(loss, Sparse).Sample(
        LabelLaws.AssertRowsAreIndependent, iter: Iterations);

    [Theory]
    [MemberData(nameof(LossTheories.TaughtCategorical), MemberType = typeof(LossTheories))]
    public void Score_Float32_IsTheResultOfDoubleDoubleOrItsNeighbour(string loss) => BatchGenerator.Batches(
        loss, Sparse with { DTypes = [DType.Float32], Classes = (2, 100) }).Sample(
        LabelLaws.AssertFloat32IsExact, iter: Iterations);

    [Theory]
    [MemberData(nameof(LossTheories.TaughtCategorical), MemberType = typeof(LossTheories))]
    public void Score_SparseRows_AreTheirDenseRows(string loss) => BatchGenerator.Batches(loss, Smooth).Sample(
        draft =>
        {
            var (dense, sparse) = (SparseRows.ToDense(draft).Describe(), draft.Describe());
            LabelLaws.AssertNear(dense.Elements, sparse.Elements, 1e-11);
            LabelLaws.AssertNear(
                [dense.Totals.Samples, dense.Totals.Weight, dense.Totals.Loss],
                [sparse.Totals.Samples, sparse.Totals.Weight, sparse.Totals.Loss], 1e-11);
            Assert.Equal(dense.Metrics?.Accuracy, sparse.Metrics?.Accuracy);
        },
        iter: Iterations);

    /// <summary>Where the numbers are posted as they are, and rows are short, not even a bit differs.</summary>
    [Theory]
    [MemberData(nameof(LossTheories.TaughtCategorical), MemberType = typeof(LossTheories))]
    public void Score_ValuesWithoutRemainder_SameBitsAsDense(string loss) => BatchGenerator.Batches(
        loss, Sparse with { LabelForms = [LabelForm.Values], Classes = (2, 32) }).Sample(
        draft =>
        {
            if (draft.Options.ContainsKey(SharedOptions.Remainder)) return;
            draft = draft.Without("normalize");
            Assert.Equal(SparseRows.ToDense(draft).Describe().Elements, draft.Describe().Elements);
        },
        iter: 3 * Iterations);

    /// <summary>One class of probability 1 is its index, bit for bit.</summary>
    [Theory]
    [MemberData(nameof(LossTheories.TaughtCategorical), MemberType = typeof(LossTheories))]
    public void Score_OneClass_SameBitsAsIndex(string loss) => BatchGenerator.Batches(
        loss, new() { LabelForms = [LabelForm.Indices] }).Sample(
        draft =>
        {
            draft = draft.Without("ignore_index");
            var index = draft.Describe();
            foreach (var (form, certain) in new[] { (LabelForm.Values, 1.0), (LabelForm.LogValues, 0.0) })
            {
                var sparse = (draft with
                {
                    LabelForm = form,
                    Labels = [.. draft.Labels!.Select(_ => certain)],
                    LabelIndices = draft.Labels,
                }).Describe();
                Assert.Equal(index.Elements, sparse.Elements);
                Assert.Equal(index.Totals, sparse.Totals);
            }
        },
        iter: Iterations);

    [Theory]
    [InlineData(LabelForm.Values, -0.5, "expected a number from 0 to 1, got -0.5")]
    [InlineData(LabelForm.Values, 1.5, "expected a number from 0 to 1, got 1.5")]
    [InlineData(LabelForm.Values, double.NaN, "expected a number from 0 to 1, got NaN")]
    [InlineData(LabelForm.LogValues, 0.5, "expected a number of at most 0, got 0.5")]
    [InlineData(LabelForm.LogValues, double.NaN, "expected a number of at most 0, got NaN")]
    internal void Score_NumberThatIsNoProbability_IsRefusedAtItsPlace(LabelForm form, double value, string detail) =>
        AssertRefused(
            form, (_, values) => values[3] = value, (form == LabelForm.Values ? "label_values" : "label_log_values", [1, 1], detail));

    [Theory]
    [InlineData(4)]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public void Score_IndexOutOfRange_IsRefusedAtItsPlace(double index) =>
        AssertRefused(LabelForm.Values, (indices, _) => indices[2] = index,
            ("label_indices", [1, 0], $"class index {TestTensor.Filled(DType.Int64, new(1), [index]).Text(0)} is outside 0..3"));

    [Fact]
    public void Score_ClassNamedTwice_IsRefusedAtTheSecond() =>
        AssertRefused(
            LabelForm.Values, (indices, _) => indices[3] = indices[2], ("label_indices", [1, 1], "class 2 is named twice in its row"));

    [Fact]
    public void Score_RowThatDoesNotSumTo1_IsRefused()
    {
        AssertRefused(LabelForm.Values, (_, values) => values[2] = 0.5, ("label_values", [1], "a row of label_values must sum to 1"));
        AssertRefused(
            LabelForm.LogValues, (_, values) => values[2] = -3, ("label_log_values", [1], "a row of exp(label_log_values) must sum to 1"));
        AssertRefused(
            LabelForm.Values, (_, values) => values[3] = 0.9,
            ("label_values", [1], "a row of label_values must sum to at most 1"), "uniform");
        AssertRefused(LabelForm.Values, (_, values) => values.AsSpan(2).Clear(),
            ("label_values", [1], "a row of label_values sums to 0, so it cannot be normalized"), "normalize");
        AssertRefused(LabelForm.LogValues, (_, values) => values.AsSpan(2).Fill(double.NegativeInfinity),
            ("label_log_values", [1], "a row of exp(label_log_values) sums to 0, so it cannot be normalized"), "normalize");
    }

    [Fact]
    public void Score_ShapesThatDoNotFit_AreRefused()
    {
        foreach (var loss in Losses)
        {
            var good = Good(loss, LabelForm.Values);
            var tooMany = good with { Labels = new double[2 * 5], LabelIndices = new double[2 * 5] };
            Assert.Equal("label_values have 5 numbers for each sample, but there are 4 classes", Refuse(tooMany)[0].Detail);
            Assert.Equal("label_values", Refuse(good with { LabelIndices = null })[0].Field);
            Assert.Equal("label_indices", Refuse(good with { LabelForm = LabelForm.Dense, Labels = good.Predictions })[0].Field);
            Assert.Equal("ignore_index", Refuse(good.With("ignore_index", new long[] { 1 }))[0].Field);
            Assert.Equal("remainder", Refuse(SparseRows.ToDense(good).With("remainder", "uniform"))[0].Field);
        }
    }

    /// <summary>A masked sample is never read.</summary>
    [Fact]
    public void Score_MaskedRow_IsNotRead() => Assert.All(Losses, loss =>
    {
        var draft = Good(loss, LabelForm.Values);
        (draft.Labels![2], draft.Labels[3], draft.LabelIndices![2]) = (double.NaN, -7, 99);
        Assert.Equal(0, (draft with { Mask = [true, false] }).Score().Losses[1]);
    });

    private static IEnumerable<Loss> Losses => LossCatalogue.All.Where(loss => loss.LabelForms.Contains(TargetForm.Values));

    private static Draft Good(Loss loss, LabelForm form)
    {
        var space = new BatchSpace
        {
            LabelForms = [LabelForm.Dense],
            DTypes = [DType.Float64],
            OptionChance = 0,
            MaskChance = 0,
            ClassAxisChance = 0,
        };
        double[] values = [0.75, 0.25, 0.125, 0.875];
        return BatchGenerator.Draw(loss, space.OfSize(2, 4), seed: 5) with
        {
            LabelForm = form,
            Labels = form == LabelForm.Values ? values : [.. values.Select(value => Math.Log(value))],
            LabelIndices = [3, 0, 2, 1],
        };
    }

    private static void AssertRefused(
        LabelForm form, Action<double[], double[]> spoil, (string Field, int[] Position, string Detail) expected,
        string? remainder = null) =>
        Assert.All(Losses, loss =>
        {
            var draft = Good(loss, form);
            if (remainder is not null) draft = draft.With("remainder", remainder);
            spoil(draft.LabelIndices!, draft.Labels!);
            var problem = Refuse(draft)[0];
            Assert.Equal((expected.Field, string.Join(", ", expected.Position)), (problem.Field, string.Join(", ", problem.Position)));
            Assert.StartsWith(expected.Detail, problem.Detail, StringComparison.Ordinal);
        });

    private static IReadOnlyList<BatchProblem> Refuse(Draft draft) =>
        Assert.Throws<InvalidBatchException>(() => draft.Score()).Problems.First;
}
