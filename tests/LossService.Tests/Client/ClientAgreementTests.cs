using LossService.Client;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Tests.Shared;
using LossService.Tests.Support;

namespace LossService.Tests.Client;

/// <summary>Whatever a loss takes, the client sends it, alone and in a stream, and reads the same bits that the library computes.</summary>
public sealed class ClientAgreementTests(TestService service)
{
    private const int Seeds = 6;

    [Theory, MemberData(nameof(LossTheories.Every), MemberType = typeof(LossTheories))]
    public async Task Scores_OfAnyBatch_AreThoseOfTheLibrary(string loss)
    {
        using var host = new ClientHost(service);
        foreach (var draft in Draw(loss))
            AssertSame(draft, await host.Client.ScoreAsync(loss, ToBatch(draft), TestContext.Current.CancellationToken));
    }

    [Theory, MemberData(nameof(LossTheories.Every), MemberType = typeof(LossTheories))]
    public async Task Scores_InAStream_AreThoseOfTheLibrary(string loss)
    {
        using var host = new ClientHost(service);
        // the lines of a stream have one unit and one mean
        var drafts = Draw(loss).Select(draft => draft with { MeanOver = MeanOver.Weight, Divisor = null, Unit = Unit.Nats }).ToArray();
        var answers = host.Client.StreamAsync(loss, drafts.Select(ToBatch).ToAsyncEnumerable());
        await foreach (var answer in answers.WithCancellation(TestContext.Current.CancellationToken))
            AssertSame(drafts[answer.Line - 1], answer.Scores);
        Assert.Equal((Seeds, 0), (answers.Summary.Lines, answers.Summary.Failed));
        Assert.Equal(drafts.Sum(draft => draft.Describe().Totals.Samples), answers.Summary.Totals.Samples);
    }

    private static IEnumerable<Draft> Draw(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        var space = BatchSpace.Everything with { OptionChance = 0.5 };
        LabelForm[] sparse = loss.LabelForms.Contains(TargetForm.Values) ? [LabelForm.Values, LabelForm.LogValues] : [];
        return Enumerable.Range(0, Seeds).Select(seed =>
            BatchGenerator.Draw(loss, seed < sparse.Length ? space with { LabelForms = [sparse[seed]] } : space, seed));
    }

    private static LossBatch ToBatch(Draft draft)
    {
        nint[] dense = [.. draft.Layout.Shape.Axes.ToArray().Select(axis => (nint)axis)];
        var samples = draft.IsBinary ? dense : [.. draft.Layout.Samples.Axes.ToArray().Select(axis => (nint)axis)];
        var batch = new LossBatch
        {
            [draft.Form.Name()] = Floats(draft.Post(draft.Predictions), dense),
            Labels = draft.Labels is null ? null
                : draft.LabelIndices is not null ? null
                : draft.LabelForm == LabelForm.Indices
                    ? LossTensor.Of(Array.ConvertAll(draft.Labels, label => (long)label), samples)
                    : Floats(draft.Post(draft.Labels), dense),
            SampleWeight = draft.SampleWeight is null ? null : Floats(draft.SampleWeight, samples),
            Mask = draft.Mask is null ? null : LossTensor.Of(draft.Mask, samples),
            Outputs = (LossOutputs)(int)draft.AllOutputs,
            Options =
            {
                Reduction = (LossReduction)(int)draft.Reduction,
                MeanOver = (LossMeanOver)(int)draft.MeanOver,
                Divisor = draft.MeanDivisor,
                Unit = draft.Unit == Unit.Nats ? null : LossUnit.Bits,
                ClassAxis = draft.ClassAxis,
            },
        };
        if (draft.LabelIndices is { } indices)
        {
            nint[] sparse = [.. draft.Sparse.Axes.ToArray().Select(axis => (nint)axis)];
            batch[draft.Target.Name()] = Floats(draft.Labels!, sparse);
            batch.LabelIndices = LossTensor.Of(Array.ConvertAll(indices, index => (int)index), sparse);
        }
        foreach (var (option, value) in draft.Options) batch.Options[option.Name] = value ?? "none";
        return batch;

        LossTensor Floats(double[] values, nint[] shape) => draft.DType == DType.Float64
            ? LossTensor.Of(values, shape) : LossTensor.Of(Array.ConvertAll(values, value => (float)value), shape);
    }

    private static void AssertSame(Draft draft, LossScores actual)
    {
        var expected = draft.Describe();
        var isReduced = draft.Reduction != Reduction.None;
        if (isReduced) Assert.Equal(expected.Loss, actual.Loss);
        Assert.Equal(
            (expected.Totals.Samples, expected.Totals.Weight, expected.Totals.Loss),
            (actual.Totals.Samples, actual.Totals.Weight, actual.Totals.Loss));
        Assert.Equal(
            expected.Elements.Concat(expected.Sums).Select(BitConverter.DoubleToInt64Bits),
            ((double[][])
            [
                Read(actual.Losses), Unpost(actual.Gradient), Has(OutputSet.Hessian) ? Unpost(actual.Hessian) : [],
                Unpost(actual.Probabilities), Has(OutputSet.LogProbabilities) ? Unpost(actual.LogProbabilities) : [],
                Has(OutputSet.Entropy) ? Read(actual.Entropy) : [], Has(OutputSet.Predictions) ? Read(actual.Predictions) : [],
                Has(OutputSet.Sums) ? Read(actual.Sums) : [],
            ]).SelectMany(numbers => numbers).Select(BitConverter.DoubleToInt64Bits));
        if (expected.Metrics is { } metrics) AssertSame(metrics, actual.Metrics);

        bool Has(OutputSet output) => (draft.AllOutputs & output) != 0;

        double[] Unpost(LossTensor tensor) => draft.Unpost(Read(tensor));
    }

    private static void AssertSame(Metrics expected, LossMetrics actual)
    {
        Assert.Equal(expected.Accuracy, actual.Accuracy);
        Assert.Equal(
            expected.TopKAccuracy.Select(top => ((long)top.Key, top.Value)), actual.TopKAccuracy.Select(top => (top.Key, top.Value)));
        Assert.Equal(expected.Perplexity, actual.Perplexity);
        Assert.Equal(expected.ExpectedCalibrationError, actual.ExpectedCalibrationError);
        Assert.Equal(expected.MaximumCalibrationError, actual.MaximumCalibrationError);
        Assert.Equal(expected.RootMeanSquareCalibrationError, actual.RootMeanSquareCalibrationError);
        Assert.Equal(
            (expected.Brier.Score, expected.Brier.Reliability, expected.Brier.Resolution, expected.Brier.Uncertainty),
            (actual.Brier.Score, actual.Brier.Reliability, actual.Brier.Resolution, actual.Brier.Uncertainty));
        var classes = expected.Classes;
        Assert.Equal(
            classes.Classes.Select(one => new LossClassMetrics(
                one.TruePositives, one.FalsePositives, one.FalseNegatives, one.TrueNegatives, one.Support, one.Precision, one.Recall,
                one.F1, one.Iou)),
            actual.Classes);
        Assert.Equal(classes.Macro is { } macro ? new LossMacroAverage(macro.Precision, macro.Recall, macro.F1, macro.Iou) : null,
            actual.Macro);
        Assert.Equal(classes.BalancedAccuracy, actual.BalancedAccuracy);
        Assert.Equal(
            expected.TemperatureFit is { } fit
                ? new LossTemperatureFit(
                    fit.Temperature, fit.CrossEntropyBefore, fit.CrossEntropyAfter, fit.CalibrationErrorBefore, fit.CalibrationErrorAfter)
                : null,
            actual.TemperatureFit);
        Assert.Equal(classes.ConfusionMatrix ?? [], actual.ConfusionMatrix);
        Assert.Equal(expected.Bins.Select(ToClient), actual.Bins);
        AssertSame(expected.EqualMass, actual.EqualMassCalibration);
        Assert.Equal(expected.ClassWise?.CalibrationError, actual.ClassWiseCalibration?.CalibrationError);
        Assert.Equal(expected.ClassWise?.Classes.Count, actual.ClassWiseCalibration?.Classes.Count);
        for (var c = 0; c < expected.ClassWise?.Classes.Count; c++)
            AssertSame(expected.ClassWise.Classes[c], actual.ClassWiseCalibration!.Classes[c]);
    }

    private static void AssertSame(ReliabilityDiagram? expected, LossReliabilityDiagram? actual)
    {
        Assert.Equal(expected?.CalibrationError, actual?.CalibrationError);
        Assert.Equal(expected?.Bins.Select(ToClient), actual?.Bins);
    }

    private static LossCalibrationBin ToClient(CalibrationBin bin) =>
        new(bin.Lower, bin.Upper, bin.Samples, bin.Weight, bin.Accuracy, bin.Confidence);

    private static double[] Read(LossTensor tensor) => tensor.DType switch
    {
        LossDType.Float32 => [.. tensor.AsSpan<float>().ToArray().Select(x => (double)x)],
        LossDType.Float64 => tensor.AsSpan<double>().ToArray(),
        _ => [.. tensor.AsSpan<long>().ToArray().Select(x => (double)x)],
    };
}
