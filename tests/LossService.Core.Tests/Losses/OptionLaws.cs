using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Tests.Shared;
using static LossService.Core.Tests.Losses.RelationTests;

namespace LossService.Core.Tests.Losses;

/// <summary>What an option that many losses have does to each of them: units, temperature, smoothing, the form of predictions.</summary>
public sealed class OptionLaws
{
    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Loss_InBits_IsThatInNatsOverLn2(string name)
    {
        if (!LossCatalogue.Find(name)!.IsInformation) return;
        for (var seed = 0; seed < 20; seed++)
        {
            var draft = Random(name, seed);
            // the term of z_loss is no amount of information
            draft = draft.Without("z_loss");
            var (nats, bits) = ((draft with { Unit = Unit.Nats }).Describe(), (draft with { Unit = Unit.Bits }).Describe());
            AssertNear([.. nats.Losses.Select(x => x / Math.Log(2))], bits.Losses);
            AssertNear([.. nats.Gradient.Select(x => x / Math.Log(2))], bits.Gradient);
            AssertNear([.. nats.Entropy.Select(x => x / Math.Log(2))], bits.Entropy);
            Assert.Equal(nats.Totals.Weight, bits.Totals.Weight);
        }
    }

    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Loss_WithTemperature_IsThatOfDividedLogits(string name)
    {
        var option = LossCatalogue.Find(name)!.Options.FirstOrDefault(option => option.Name == "temperature");
        if (option is null) return;
        for (var seed = 0; seed < 20; seed++)
        {
            var draft = Random(name, seed).Without("temperature", "temperature_squared", "z_loss");
            var cold = draft with { Predictions = [.. draft.Predictions.Select(x => x * 4)] };
            var (plain, tempered) = (draft.Score(), cold.With(option, 4.0).Score());
            AssertNear(plain.Losses, tempered.Losses);
            AssertNear([.. plain.Gradient.Select(x => x / 4)], tempered.Gradient);
        }
    }

    [Theory]
    [MemberData(nameof(LossTheories.Labelled), MemberType = typeof(LossTheories))]
    public void Loss_WithLabelSmoothing_IsThatOfTheSmoothedLabels(string name)
    {
        const double Smoothing = 0.25;
        var loss = LossCatalogue.Find(name)!;
        var option = loss.Options.FirstOrDefault(option => option.Name == "label_smoothing");
        if (option is null) return;
        for (var seed = 0; seed < 20; seed++)
        {
            // a sample's weight is that of its label before smoothing
            var draft = Random(name, seed).Without("label_smoothing", "class_weight", "ignore_index");
            var among = loss.Kind == LossKind.Binary ? 2 : draft.Classes;
            var labels = draft.LabelForm == LabelForm.Indices
                ? [.. draft.Labels!.SelectMany(label => Enumerable.Range(0, draft.Classes).Select(c => c == (int)label ? 1.0 : 0))]
                : draft.Labels!;
            double[] smoothed = [.. labels.Select(y => y * (1 - Smoothing) + Smoothing / among)];
            var posted = draft with { LabelForm = LabelForm.Dense, Labels = smoothed };
            AssertNear(posted.Score().Losses, draft.With(option, Smoothing).Score().Losses, 1e-12);
        }
    }

    [Theory]
    [MemberData(nameof(LossTheories.Categorical), MemberType = typeof(LossTheories))]
    public void Loss_OfLogitsAndOfTheirLogProbabilities_IsTheSame(string name)
    {
        if (!LossCatalogue.Find(name)!.Accepts.Contains(PredictionForm.LogProbabilities)) return;
        for (var seed = 0; seed < 20; seed++)
        {
            var draft = Random(name, seed).Without("ignore_index") with { Mask = null };
            draft = draft.Without("temperature", "z_loss");
            var fromLogits = draft.Describe();
            var posted = draft.WithPredictions(PredictionForm.LogProbabilities, fromLogits.LogProbabilities);
            AssertNear(fromLogits.Losses, posted.Score().Losses, 1e-13);
        }
    }
}
