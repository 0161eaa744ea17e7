using CsCheck;
using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Core.Tests.Kernels;

/// <summary>The way from memory to memory beside the way through the scratch, which a mask that keeps everything takes.</summary>
public class LogisticBlockTests
{
    private static readonly Loss BinaryCrossEntropy = LossCatalogue.Find("binary_cross_entropy")!;

    private static readonly DType[] LabelTypes =
        [DType.Int64, DType.Int32, DType.Bool, DType.UInt8, DType.Float32, DType.Float64, DType.Int16, DType.Float16];

    /// <summary>Logits of every size, with labels; long enough for more than one block.</summary>
    private static readonly Gen<(double Logit, bool Label)[]> Elements = Gen.Select(
        Gen.Frequency((8, Gen.Double[-30, 30]), (1, Gen.Double[-800, 800]), (1, From(0, -0.0, double.PositiveInfinity, double.NegativeInfinity))),
        Gen.Bool).Array[1, 700];

    [Fact]
    public void Score_AnyDTypes_SameBitsAsThroughTheScratch() =>
        Gen.Select(Elements, From(LabelTypes), From(DType.Float32, DType.Float64), From(1.0, 0.3, 7, 0)).Sample(
            (elements, labels, logits, posWeight) =>
            {
                double[] t = [.. elements.Select(element => element.Label ? 1.0 : 0)];
                AssertSame(posWeight, Of(logits, [.. elements.Select(element => element.Logit)]), Of(labels, t));
            },
            iter: 300);

    [Fact]
    public void Score_SoftLabelAmongHardOnes_SameBitsAsThroughTheScratch() =>
        Gen.Select(Elements, Gen.Double[0, 1], Gen.Int[0, 699]).Sample(
            (elements, soft, place) =>
            {
                double[] t = [.. elements.Select(element => element.Label ? 1.0 : 0)];
                t[place % t.Length] = soft;
                AssertSame(1, Of(DType.Float64, [.. elements.Select(element => element.Logit)]), Of(DType.Float64, t));
            },
            iter: 100);

    private static void AssertSame(double posWeight, Tensor logits, Tensor labels)
    {
        var plain = new Batch
        {
            Form = PredictionForm.Logits,
            Predictions = logits,
            Labels = labels,
            Outputs = OutputSet.Loss | OutputSet.Losses | OutputSet.Gradient,
            Options = new OptionValues().Set(BinaryCrossEntropy.GetOption<double[]?>("pos_weight"), [posWeight]),
        };
        var masked = plain with { Mask = Of(DType.Bool, [.. Enumerable.Repeat(1.0, (int)logits.Count)]) };
        using var expected = BinaryCrossEntropy.Score(masked);
        using var actual = BinaryCrossEntropy.Score(plain);
        Assert.Equal(expected.Totals, actual.Totals);
        Assert.Equal(expected.Loss, actual.Loss);
        Assert.Equal(Numbers(expected.Losses!), Numbers(actual.Losses!));
        Assert.Equal(Numbers(expected.Gradient!), Numbers(actual.Gradient!));
        masked.Dispose();
    }

    private static Gen<T> From<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static double[] Numbers(Tensor tensor)
    {
        var numbers = new double[tensor.Count];
        tensor.Read(0, numbers);
        return numbers;
    }

    private static Tensor Of(DType dtype, double[] values)
    {
        var tensor = new Tensor(dtype, new Shape(values.Length));
        for (var i = 0; i < values.Length; i++)
        {
            switch (dtype)
            {
                case DType.Bool or DType.UInt8: tensor.AsSpan<byte>()[i] = (byte)values[i]; break;
                case DType.Int16: tensor.AsSpan<short>()[i] = (short)values[i]; break;
                case DType.Int32: tensor.AsSpan<int>()[i] = (int)values[i]; break;
                default: tensor.Write(i, [values[i]]); break;
            }
        }
        return tensor;
    }
}
