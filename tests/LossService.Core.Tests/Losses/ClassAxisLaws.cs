using CsCheck;
using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Core.Validation;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Losses;

/// <summary>Where the classes are changes nothing but the order of the elements.</summary>
public sealed class ClassAxisLaws
{
    [Theory, MemberData(nameof(LossTheories.Categorical), MemberType = typeof(LossTheories))]
    public void Score_ClassesOnAnyAxis_SameBits(string loss) => BatchGenerator.Batches(loss, new()
    {
        SpecialChance = 0.02,
        DTypes = [DType.Float16, DType.BFloat16, DType.Float32, DType.Float64],
        Rows = (1, 70),
    }).Sample(AssertSame, iter: 120);

    /// <summary>More rows than a window, over several cores and axes, and more than a window's classes.</summary>
    [Theory, MemberData(nameof(LossTheories.Categorical), MemberType = typeof(LossTheories))]
    public void Score_MoreRowsThanAWindow_SameBits(string loss)
    {
        foreach (var (rows, classes) in new[] { (9000, 5), (6001, 40), (90, 5000) })
        {
            foreach (var isIndexed in (bool[])[true, false])
            {
                var space = new BatchSpace { DTypes = [DType.Float32], OptionChance = 0 }.OfSize(rows, classes);
                if (LossCatalogue.Find(loss)!.Labels != LabelRule.None)
                    space = space with { LabelForms = [isIndexed ? LabelForm.Indices : LabelForm.Dense] };
                AssertSame(BatchGenerator.Draw(LossCatalogue.Find(loss)!, space, rows));
            }
        }
    }

    /// <summary>An axis of length 1 behind the classes moves no element.</summary>
    [Fact]
    public void Score_AxesOfLengthOne_SameBits()
    {
        var space = new BatchSpace { LabelForms = [LabelForm.Indices], MaskChance = 1, ClassAxisChance = 0 };
        var draft = BatchGenerator.Draw(LossCatalogue.Find("cross_entropy")!, space.OfSize(6, 4), 3);
        using var batch = draft.ToBatch(draft.AllOutputs);
        batch.Options.Set(SharedOptions.ClassAxis, 1);
        using var scores = Scorer.Score(draft.Loss, With(batch, new(6, 4, 1, 1), new(6, 1, 1)), TestContext.Current.CancellationToken);
        Assert.Equal(new Shape(6, 4, 1, 1), scores.Gradient!.Shape);
        Assert.Equal(new Shape(6, 1, 1), scores.Losses!.Shape);
        Assert.Equal(draft.Describe().Gradient, TestTensor.Read(scores.Gradient));
        Assert.Equal(draft.Describe().Losses, TestTensor.Read(scores.Losses));
    }

    [Theory]
    [InlineData(3, "class_axis: expected an axis of logits, from -3 to 2, got 3")]
    [InlineData(-4, "class_axis: expected an axis of logits, from -3 to 2, got -4")]
    [InlineData(2, "labels: labels have the shape [2, 4], but logits [2, 3, 4]; class indices have the shape [2, 3], dense labels "
        + "[2, 3, 4]; they fit with class_axis 1")]
    public void Score_AnotherAxis_IsRefused(int axis, string expected) =>
        Assert.Equal(expected, Refuse(PredictionForm.Logits, new double[24], new double[8], axis));

    [Fact]
    public void Score_WrongElement_IsAddressedAsPosted()
    {
        var labels = new double[8];
        labels[6] = 3;
        Assert.Equal("labels[1, 2]: class index 3 is outside 0..2", Refuse(PredictionForm.Logits, new double[24], labels, 1));
        var logits = new double[24];
        logits[22] = double.NaN;
        Assert.Equal("logits[1, 2, 2]: expected a number, got NaN; leave the sample out with mask",
            Refuse(PredictionForm.Logits, logits, new double[8], 1));
        var thirds = Enumerable.Repeat(1.0 / 3, 24).ToArray();
        thirds[17] = 0.5;
        Assert.StartsWith("probabilities[1, 0, 1]: a row of probabilities along axis 1 must sum to 1",
            Refuse(PredictionForm.Probabilities, thirds, new double[8], 1), StringComparison.Ordinal);
        Assert.StartsWith("labels[1, 0, 1]: a row of dense labels along axis 1 must sum to 1",
            Refuse(PredictionForm.Logits, new double[24], thirds, 1), StringComparison.Ordinal);
        thirds[17] = 2;
        Assert.Equal("labels[1, 1, 1]: expected a number from 0 to 1, got 2",
            Refuse(PredictionForm.Logits, new double[24], thirds, 1));
    }

    private static string Refuse(PredictionForm form, double[] predictions, double[] labels, int axis)
    {
        var shape = new Shape(2, 3, 4);
        using var posted = TestTensor.Filled(DType.Float64, shape, predictions);
        using var truth = labels.Length == 8
            ? TestTensor.Filled(DType.Int64, new(2, 4), labels) : TestTensor.Filled(DType.Float64, shape, labels);
        var batch = new Batch { Form = form, Predictions = posted, Labels = truth };
        batch.Options.Set(SharedOptions.ClassAxis, axis);
        var problems = new BatchProblems();
        using var scores = Scorer.TryScore(LossCatalogue.Find("cross_entropy")!, batch, problems, TestContext.Current.CancellationToken);
        Assert.Equal(1, problems.Total);
        return problems.First[0].ToString();
    }

    private static void AssertSame(Draft draft)
    {
        var last = (draft with { ClassAxis = null }).Describe();
        foreach (var axis in (int[])[0, 1])
        {
            var other = (draft with { ClassAxis = axis }).Describe();
            Assert.Equal((last.Loss, last.Totals), (other.Loss, other.Totals));
            Assert.Equal(last.Elements.Select(BitConverter.DoubleToInt64Bits), other.Elements.Select(BitConverter.DoubleToInt64Bits));
            Assert.Equal(last.Metrics?.Totals.CrossEntropy, other.Metrics?.Totals.CrossEntropy);
            Assert.Equal(last.Metrics?.ExpectedCalibrationError, other.Metrics?.ExpectedCalibrationError);
        }
    }

    private static unsafe Batch With(Batch batch, Shape shape, Shape samples)
    {
        return batch with
        {
            Predictions = View(batch.Predictions, shape)!,
            Labels = View(batch.Labels, samples),
            SampleWeight = View(batch.SampleWeight, samples),
            Mask = View(batch.Mask, samples),
        };

        static Tensor? View(Tensor? tensor, Shape shape) => tensor is null ? null : new(tensor.DType, shape, tensor.Data);
    }
}
