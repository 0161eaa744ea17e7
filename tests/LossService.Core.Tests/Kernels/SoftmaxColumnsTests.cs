using CsCheck;
using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Core.Tests.Kernels;

/// <summary>Rows that are scored eight at a time, beside the same rows one by one.</summary>
public class SoftmaxColumnsTests
{
    private static readonly Loss CrossEntropy = LossCatalogue.Find("cross_entropy")!;

    /// <summary>Logits of every size: rows with these need each of the ways there are.</summary>
    private static readonly Gen<double> Logit = Gen.Frequency(
        (20, Gen.Double[-30, 30]), (2, Gen.Int[-3, 3].Select(i => (double)i)), (1, Gen.Double[-2000, 2000]),
        (1, Gen.Bool.Select(isUp => isUp ? double.PositiveInfinity : double.NegativeInfinity)));

    private static readonly Gen<(int Classes, double[][] Rows, int[] Labels)> Batches =
        from classes in Gen.Int[1, 40]
        from rows in Logit.Array[classes].Array[1, 80]
        from labels in Gen.Int[0, classes - 1].Array[rows.Length]
        select (classes, rows.Select(Scorable).ToArray(), labels);

    [Fact]
    public void Score_RowsInCompany_SameBitsAsAlone() =>
        Gen.Select(Batches, Gen.Bool, Gen.Bool).Sample(
            (batch, isNarrow, isWeighted) =>
            {
                var dtype = isNarrow ? DType.Float32 : DType.Float64;
                var weights = isWeighted ? batch.Rows.Select((_, i) => i % 3 * 0.5).ToArray() : null;
                var (losses, gradient) = Scored(batch.Rows, batch.Labels, dtype, weights);
                for (var i = 0; i < batch.Rows.Length; i++)
                {
                    var (loss, derivatives) = Scored([batch.Rows[i]], [batch.Labels[i]], dtype, weights?[i..(i + 1)]);
                    Assert.Equal(Bits(loss), Bits(losses[i..(i + 1)]));
                    Assert.Equal(Bits(derivatives), Bits(gradient[(i * batch.Classes)..((i + 1) * batch.Classes)]));
                }
            },
            iter: 200);

    /// <remarks>A class that is never true and never likely changes neither loss nor derivatives, whatever the row's length.</remarks>
    [Fact]
    public void Score_RowsLengthenedByImpossibleClasses_TheSameToAFewUlps() =>
        Batches.Sample(
            batch =>
            {
                double[][] longer = [.. batch.Rows.Select(row => (double[])[.. row, .. Enumerable.Repeat(double.NegativeInfinity, 60)])];
                var (losses, gradient) = Scored(batch.Rows, batch.Labels, DType.Float64, null);
                var (longLosses, longGradient) = Scored(longer, batch.Labels, DType.Float64, null);
                for (var i = 0; i < losses.Length; i++)
                {
                    AssertNear(longLosses[i], losses[i]);
                    for (var c = 0; c < batch.Classes; c++) AssertNear(longGradient[i * (batch.Classes + 60) + c], gradient[i * batch.Classes + c]);
                }
            },
            iter: 200);

    private static void AssertNear(double expected, double actual)
    {
        if (expected == actual || (double.IsNaN(expected) && double.IsNaN(actual))) return;
        // sums in another order, each within 4 ulp of the truth; subnormal numbers have fewer digits
        Assert.InRange(Math.Abs(actual - expected), 0, 8 * Math.Max(Math.BitIncrement(Math.Abs(expected)) - Math.Abs(expected), 1e-300));
    }

    /// <summary>A row needs one logit above −∞.</summary>
    private static double[] Scorable(double[] row) => Array.TrueForAll(row, double.IsNegativeInfinity) ? new double[row.Length] : row;

    private static long[] Bits(double[] values) => Array.ConvertAll(values, BitConverter.DoubleToInt64Bits);

    private static (double[] Losses, double[] Gradient) Scored(double[][] rows, int[] labels, DType dtype, double[]? weights)
    {
        var logits = new Tensor(dtype, new Shape(rows.Length, rows[0].Length));
        logits.Write(0, [.. rows.SelectMany(row => row)]);
        var classes = new Tensor(DType.Int64, new Shape(rows.Length));
        classes.Write(0, Array.ConvertAll(labels, label => (double)label));
        Tensor? sampleWeight = null;
        if (weights is not null)
        {
            sampleWeight = new Tensor(DType.Float64, new Shape(rows.Length));
            sampleWeight.Write(0, weights);
        }
        using var batch = new Batch
        {
            Form = PredictionForm.Logits,
            Predictions = logits,
            Labels = classes,
            SampleWeight = sampleWeight,
            Reduction = Reduction.Sum,
            Outputs = OutputSet.Loss | OutputSet.Losses | OutputSet.Gradient,
        };
        using var scores = CrossEntropy.Score(batch);
        return (Numbers(scores.Losses!), Numbers(scores.Gradient!));
    }

    private static double[] Numbers(Tensor tensor)
    {
        var numbers = new double[tensor.Count];
        tensor.Read(0, numbers);
        return numbers;
    }
}
