using System.Runtime.Intrinsics;
using LossService.Core.Batches;
using LossService.Core.Engine;
using LossService.Core.Losses;
using LossService.Core.Losses.Binary;
using LossService.Core.Losses.Categorical;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Core.Tests.Losses;

/// <summary>
/// Every binary loss in float32, float16 and bfloat16 beside the same formula in double-double: each result must be the correctly rounded
/// one or its neighbour, for confident and nearly tied elements, huge and subnormal logits, soft labels, and probabilities at their ends.
/// </summary>
public class BinaryFuzz(ITestOutputHelper output)
{
    private const int Length = 4096;

    private static readonly DType[] DTypes = [DType.Float32, DType.Float32, DType.Float16, DType.BFloat16];

    [Fact]
    public void NarrowResults_SomeElements_AreRoundedCorrectlyOrNeighbours() => CheckAll(60_000);

    /// <summary>The long run.</summary>
    [Fact(Explicit = true)]
    public void NarrowResults_TenMillionElements_AreRoundedCorrectlyOrNeighbours() => CheckAll(10_000_000);

    private void CheckAll(long elements)
    {
        output.WriteLine("loss                  elements  wrong  not nearest  worst value, ulp of float64");
        Check(new BinaryCrossEntropy(), elements,
            (options, random) => options.Set(SharedOptions.PosWeight, [Pick(random, 1, 0.3, 7)]));
        Check(new BinaryFocal(), elements, (options, random) =>
            options.Set(Focal.Gamma, Pick(random, 2, 2, 0, 1, 5, 0.5, 1.7)).Set(BinaryFocal.Alpha, random.Next(2) == 0 ? 0.25 : null));
        Check(new Asymmetric(), elements, (options, random) => options.Set(Asymmetric.GammaPos, Pick(random, 0, 0, 1, 2.5))
            .Set(Asymmetric.GammaNeg, Pick(random, 4, 4, 0, 1, 2.5)).Set(Asymmetric.Shift, Pick(random, 0.05, 0.05, 0, 0.3)));
        Check(new BinaryBrier(), elements, (_, _) => { });
        Check(new Hinge(), elements, (options, random) => options.Set(SharedOptions.Margin, Pick(random, 1, 0, 0.1)));
        Check(new SquaredHinge(), elements, (options, random) => options.Set(SharedOptions.Margin, Pick(random, 1, 0, 0.1)));
    }

    private static double Pick(Random random, params ReadOnlySpan<double> values) => values[random.Next(values.Length)];

    private void Check<TFormula>(BinaryLoss<TFormula> loss, long elements, Action<OptionValues, Random> setOptions)
        where TFormula : struct, IElementFormula
    {
        var random = new Random(12);
        var tally = new Tally();
        while (tally.Elements < elements)
        {
            var dtype = DTypes[random.Next(DTypes.Length)];
            var form = loss.Accepts[random.Next(4) == 0 ? loss.Accepts.Count - 1 : 0];
            var options = new OptionValues();
            setOptions(options, random);
            if (loss.Labels == LabelRule.Probability)
            {
                options.Set(SharedOptions.LabelSmoothing, Pick(random, 0, 0, 0.1, 1e-3));
                if (form == PredictionForm.Logits) options.Set(SharedOptions.Temperature, Pick(random, 1, 1, 2.5, 0.07));
                else options.Set(SharedOptions.Clip, Pick(random, 0, 1e-3));
            }
            using var batch = Draw(random, dtype, form, loss.Labels == LabelRule.Bit, options);
            CheckBatch(loss, batch, random.Next(2) == 0, tally);
        }
        output.WriteLine($"{loss.Name,-20} {tally.Elements,9} {tally.Wrong,6} {tally.NotNearest,12} {tally.WorstValue,8:F2}");
        Assert.Equal(0, tally.Wrong);
        Assert.InRange(tally.WorstValue, 0, 4);
    }

    /// <summary>Logits or probabilities with labels, of which many are hard to tell from each other.</summary>
    private static Batch Draw(Random random, DType dtype, PredictionForm form, bool hasBits, OptionValues options)
    {
        var (predictions, labels) = (new double[Length], new double[Length]);
        var temperature = options.Get(SharedOptions.Temperature);
        var isSoft = !hasBits && random.Next(3) > 0;
        for (var i = 0; i < Length; i++)
        {
            labels[i] = !isSoft ? random.Next(2) : random.Next(8) switch
            {
                0 => 0,
                1 => 1,
                2 => 0.5,
                3 => Math.Exp(-30 * random.NextDouble()),
                4 => 1 - Math.Exp(-15 * random.NextDouble()),
                _ => random.NextDouble(),
            };
        }
        using var rounded = new Tensor(dtype, new Shape(Length));
        rounded.Write(0, labels);
        rounded.Read(0, labels);
        for (var i = 0; i < Length; i++)
        {
            // as near to the label's logit, or to the shift's, as the dtype allows
            var tie = random.Next(3) == 0 ? options.Get(Asymmetric.Shift) : labels[i];
            var near = (tie > 0 ? Math.Log(tie / (1 - tie)) : -20) * temperature * (1 + (random.Next(9) - 4) * 6e-8);
            var sign = random.Next(2) * 2 - 1;
            var z = random.Next(8) switch
            {
                0 or 1 => near,
                2 => sign * (20 + 90 * random.NextDouble()),
                3 => sign * Math.Exp(88 * random.NextDouble()),
                4 => sign * Math.Exp(-100 * random.NextDouble()),
                _ => sign * 8 * random.NextDouble(),
            };
            if (double.IsInfinity(z) || double.IsNaN(z)) z = sign * 50;
            predictions[i] = z;
            if (form != PredictionForm.Probabilities) continue;
            predictions[i] = random.Next(12) switch
            {
                0 => 0,
                1 => 1,
                2 or 3 => tie * (1 + (random.Next(9) - 4) * 6e-8),
                4 => Math.Exp(-100 * random.NextDouble()),
                _ => random.NextDouble(),
            };
            predictions[i] = Math.Clamp(predictions[i], 0, 1);
        }
        var (posted, target) = (new Tensor(dtype, new Shape(Length)), new Tensor(dtype, new Shape(Length)));
        posted.Write(0, predictions);
        target.Write(0, labels);
        if (form == PredictionForm.Logits && !hasBits && random.Next(3) == 0)
        {
            // some of the sums cancel but for their last digits
            options.Set(SharedOptions.LogitBias, Array.ConvertAll(predictions, z => random.Next(3) == 0
                ? Math.Clamp(-z / temperature * (1 + (random.Next(9) - 4) * 1e-15), -1e6, 1e6) : 10 * random.NextDouble() - 5));
        }
        return new()
        {
            Form = form,
            Predictions = posted,
            Labels = target,
            Options = options,
            Reduction = Reduction.Sum,
            Unit = Unit.Nats,
        };
    }

    private static unsafe void CheckBatch<TFormula>(BinaryLoss<TFormula> loss, Batch batch, bool wantsMore, Tally tally)
        where TFormula : struct, IElementFormula
    {
        const OutputSet More = OutputSet.Probabilities | OutputSet.LogProbabilities | OutputSet.Entropy;
        batch = batch with { Outputs = OutputSet.Loss | OutputSet.Losses | OutputSet.Gradient | (wantsMore ? More : 0) };
        using var scores = Scorer.Score(loss, batch, CancellationToken.None);
        var exact = new BinaryBlock<TFormula>(
            loss.CreateFormula(batch.Options), batch, new(batch, Length, null, CancellationToken.None), isWeighted: false,
            wantsGradient: true, wantsMore);
        var (scratch, dtype) = (new BinaryScratch(), batch.Predictions.DType);
        var posWeight = loss is BinaryCrossEntropy ? batch.Options.Get(SharedOptions.PosWeight)![0] : 1;
        BinaryScratch.Span(scratch.Weight).Fill(1);
        BinaryScratch.Span(scratch.PosWeight).Fill(posWeight);
        var total = new ExactSum();
        for (var block = 0; block < Length; block += BinaryScratch.Block)
        {
            batch.Predictions.Read(block, BinaryScratch.Span(scratch.Posted));
            batch.Labels!.Read(block, BinaryScratch.Span(scratch.Label));
            new ElementScores(batch).Find(block, BinaryScratch.Block, scratch);
            exact.Score<Dd, Dd>(scratch, BinaryScratch.Block);
            total.Add(BinaryScratch.Span(scratch.Value));
            total.Add(BinaryScratch.Span(scratch.ValueRest));
            Compare(scratch.Value, scores.Losses!, block, batch, tally);
            Compare(scratch.Gradient, scores.Gradient!, block, batch, tally);
            if (!wantsMore) continue;
            Compare(scratch.P, scores.Probabilities!, block, batch, tally);
            Compare(scratch.LogP, scores.LogProbabilities!, block, batch, tally);
            Compare(scratch.Entropy, scores.Entropy!, block, batch, tally);
        }
        tally.Elements += Length;
        var sum = total.Round();
        if (double.IsFinite(sum) && sum > 1e-290)
            tally.WorstValue = Math.Max(tally.WorstValue, Math.Abs(scores.Loss!.Value - sum) / (Math.BitIncrement(sum) - sum));
        CheckOne(loss, batch, exact, scratch, tally);
    }

    /// <summary>The sum over one element, whose errors nothing evens out.</summary>
    private static unsafe void CheckOne<TFormula>(
        BinaryLoss<TFormula> loss, Batch batch, BinaryBlock<TFormula> exact, BinaryScratch scratch, Tally tally)
        where TFormula : struct, IElementFormula
    {
        var size = batch.Predictions.DType.Size();
        var bias = batch.Options.Get(SharedOptions.LogitBias);
        for (var i = 0; i < 64; i++)
        {
            if (bias is not null) batch.Options.Set(SharedOptions.LogitBias, [bias[i]]);
            using var z = new Tensor(batch.Predictions.DType, new Shape(1), batch.Predictions.Data + i * size);
            using var t = new Tensor(batch.Labels!.DType, new Shape(1), batch.Labels.Data + i * size);
            var one = batch with { Predictions = z, Labels = t, Outputs = OutputSet.Loss };
            using var scores = Scorer.Score(loss, one, CancellationToken.None);
            z.Read(0, BinaryScratch.Span(scratch.Posted, 1));
            t.Read(0, BinaryScratch.Span(scratch.Label, 1));
            new ElementScores(one).Find(0, 1, scratch);
            exact.Score<Dd, Dd>(scratch, Vector256<double>.Count);
            var value = scratch.Value[0];
            if (double.IsFinite(value) && value > 1e-290)
                tally.WorstValue = Math.Max(tally.WorstValue, Math.Abs(scores.Loss!.Value - value) / (Math.BitIncrement(value) - value));
        }
    }

    private static unsafe void Compare(double* exact, Tensor computed, int block, Batch batch, Tally tally)
    {
        using var nearest = new Tensor(computed.DType, new Shape(BinaryScratch.Block));
        nearest.Write(0, BinaryScratch.Span(exact));
        for (var i = 0; i < BinaryScratch.Block; i++)
        {
            var distance = Math.Abs(Order(nearest, i) - Order(computed, block + i));
            if (distance > 0) tally.NotNearest++;
            if (distance <= 1) continue;
            tally.Wrong++;
            if (tally.Wrong == 1)
                Assert.Fail($"{nearest.Text(i)}, got {computed.Text(block + i)}: prediction {batch.Predictions.Text(block + i)}, label "
                    + $"{batch.Labels!.Text(block + i)}, options {string.Join(", ", batch.Options.Given)}");
        }
    }

    /// <summary>The place of an element among the numbers of its dtype; the two zeros have one.</summary>
    private static unsafe long Order(Tensor tensor, int i)
    {
        long bits = tensor.DType == DType.Float32 ? ((int*)tensor.Data)[i] : ((short*)tensor.Data)[i];
        return bits >= 0 ? bits : (tensor.DType == DType.Float32 ? int.MinValue : short.MinValue) - bits;
    }

    private sealed class Tally
    {
        public long Elements { get; set; }

        public long Wrong { get; set; }

        public long NotNearest { get; set; }

        public double WorstValue { get; set; }
    }
}
