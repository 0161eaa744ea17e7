using CsCheck;
using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Core.Validation;
using LossService.Tests.Shared;

namespace LossService.Core.Tests;

/// <summary>Random tensors and options of every kind: a batch is scored or refused, and nothing else happens.</summary>
public sealed class ScorerFuzzTests
{
    private const int Iterations = 1500;

    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Score_AnyBatch_IsScoredOrRefused(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        var (scored, refused) = (0L, 0L);
        Gen.Int[0, int.MaxValue].Sample(
            seed =>
            {
                using var batch = Draw(loss, new Random(seed));
                try
                {
                    using var scores = Scorer.Score(loss, batch, TestContext.Current.CancellationToken);
                    Check(loss, batch, scores);
                    Interlocked.Increment(ref scored);
                }
                catch (InvalidBatchException refusal)
                {
                    Assert.True(refusal.Problems.Total > 0);
                    Assert.All(refusal.Problems.First, problem => Assert.NotEmpty(problem.Detail));
                    Interlocked.Increment(ref refused);
                }
            },
            iter: Iterations);
        // the law would hold for a scorer that refuses everything
        Assert.True(scored > Iterations / 20 && refused > Iterations / 20, $"{scored} scored, {refused} refused");
    }

    /// <summary>A good batch in which every part has some chance to be replaced by anything.</summary>
    private static Batch Draw(Loss loss, Random random)
    {
        var draft = BatchGenerator.Draw(loss, new() { SpecialChance = 0.02, Rows = (1, 5), Classes = (1, 6) }, random.Next());
        foreach (var option in OthersOf(loss))
            if (random.Next(200) == 0) draft = draft.With(option, Value(option, draft.Classes, random));
        foreach (var option in draft.Options.Keys)
            if (random.Next(20) == 0) draft = draft.With(option, Value(option, draft.Classes, random));
        var batch = draft.ToBatch(random.Next(10) == 0 ? (OutputSet)random.Next(256) : draft.AllOutputs);
        // an axis that there is not, or of which the lengths do not fit
        if (!draft.IsBinary && random.Next(20) == 0) batch.Options.Set(SharedOptions.ClassAxis, random.Next(-4, 4));
        int[] dense = [.. batch.Predictions.Shape.Axes];
        int[] samples = [.. loss.GetSampleShape(batch.Predictions.Shape, batch.Options).Axes];
        return batch with
        {
            Form = random.Next(20) == 0 ? (PredictionForm)random.Next(3) : batch.Form,
            Predictions = random.Next(10) == 0 ? Tensor(dense, random) : batch.Predictions,
            Labels = random.Next(10) > 0 ? batch.Labels
                : random.Next(4) == 0 ? null
                : Tensor(random.Next(2) == 0 ? samples : dense, random),
            SampleWeight = random.Next(15) == 0 ? Tensor(samples, random) : batch.SampleWeight,
            Mask = random.Next(15) == 0 ? Tensor(samples, random) : batch.Mask,
            Unit = random.Next(20) == 0 ? (Unit)random.Next(2) : batch.Unit,
        };
    }

    /// <summary>Options that the loss does not have, nor any of their names.</summary>
    private static IEnumerable<Option> OthersOf(Loss loss) => LossCatalogue.All.SelectMany(other => other.Options)
        .DistinctBy(option => option.Name).ExceptBy(loss.Options.Select(option => option.Name), option => option.Name);

    private static object? Value(Option option, int classes, Random random)
    {
        var values = OptionGenerator.Forbidden(option, classes).Select(value => (object?)value.Value).ToList();
        values.Add(OptionGenerator.Draw(option, classes, random));
        return values[random.Next(values.Count)];
    }

    /// <summary>A tensor of any dtype and numbers, mostly of the shape that fits.</summary>
    private static Tensor Tensor(int[] fitting, Random random)
    {
        var shape = random.Next(3) > 0 ? fitting : [.. Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(6))];
        var axes = new Shape(shape);
        var kind = random.Next(5);
        var values = Enumerable.Range(0, (int)axes.Count).Select(_ => kind switch
        {
            0 => random.Next(2),
            1 => random.Next(-2, 6),
            2 => random.NextDouble(),
            3 => 100 * random.NextDouble() - 50,
            _ => Extreme(random),
        });
        return TestTensor.Filled((DType)random.Next(Enum.GetValues<DType>().Length), axes, [.. values]);
    }

    private static double Extreme(Random random) => random.Next(8) switch
    {
        0 => double.NaN,
        1 => double.PositiveInfinity,
        2 => double.NegativeInfinity,
        3 => double.MaxValue,
        4 => double.Epsilon,
        5 => long.MaxValue,
        6 => long.MinValue,
        _ => -0.0,
    };

    private static void Check(Loss loss, Batch batch, Scores scores)
    {
        var outputs = batch.Outputs!.Value;
        var predictions = batch.Predictions.Shape;
        var samples = loss.GetSampleShape(predictions, batch.Options);
        CheckTensor(scores.Losses, samples, outputs, OutputSet.Losses);
        CheckTensor(scores.Gradient, predictions, outputs, OutputSet.Gradient);
        CheckTensor(scores.Hessian, predictions, outputs, OutputSet.Hessian);
        CheckTensor(scores.Probabilities, predictions, outputs, OutputSet.Probabilities);
        CheckTensor(scores.LogProbabilities, predictions, outputs, OutputSet.LogProbabilities);
        CheckTensor(scores.Entropy, samples, outputs, OutputSet.Entropy);
        CheckTensor(scores.Predictions, samples, outputs, OutputSet.Predictions);
        Assert.InRange(scores.Totals.Samples, 0, samples.Count);
        Assert.False(double.IsNaN(scores.Totals.Weight), "the weight is NaN");

        // a weight near the end of float64 overflows in its products with class weights and losses
        if (TestTensor.Read(batch.SampleWeight).Any(weight => Math.Abs(weight) > 1e30)) return;
        var losses = TestTensor.Read(scores.Losses);
        Assert.DoesNotContain(losses, double.IsNaN);
        Assert.DoesNotContain(TestTensor.Read(scores.Gradient), double.IsNaN);
        // where a label is 0, the reverse divergence is infinite and has no second derivative
        if (!batch.Options.Has(Direction)) Assert.DoesNotContain(TestTensor.Read(scores.Hessian), double.IsNaN);
        if (!MayBeInfinite(batch)) Assert.All(losses, value => Assert.True(double.IsFinite(value), $"{value}"));
        var last = loss.Kind == LossKind.Binary ? 1 : new ClassLayout(predictions, batch.Options.Get(SharedOptions.ClassAxis)).Classes - 1;
        Assert.All(TestTensor.Read(scores.Predictions), value => Assert.InRange(value, -1, last));
    }

    private static void CheckTensor(Tensor? tensor, Shape shape, OutputSet outputs, OutputSet output)
    {
        Assert.Equal((outputs & output) != 0, tensor is not null);
        if (tensor is not null) Assert.Equal(shape, tensor.Shape);
    }

    /// <summary>
    /// A loss is infinite where a prediction is at an end of its domain or far beyond ordinary logits, where the dtype has no
    /// larger number, and for a divergence whose labels leave out what is predicted.
    /// </summary>
    private static bool MayBeInfinite(Batch batch)
    {
        if (batch.Predictions.DType is DType.Float16 or DType.BFloat16 || batch.Options.Has(Direction)) return true;
        // js_divergence still overflows beyond β = ½ on a wide gap
        if (batch.Options.Given.Any(given => given.Option.Name == "beta")) return true;
        return TestTensor.Read(batch.Predictions).Any(x => batch.Form switch
        {
            PredictionForm.Logits => !(Math.Abs(x) < 1e4),
            PredictionForm.Probabilities => x is not (> 0 and < 1),
            _ => !(x is > -1e4 and < 0),
        });
    }

    private static Option Direction { get; } = LossCatalogue.Find("kl_divergence")!.Options.Single(option => option.Name == "direction");
}
