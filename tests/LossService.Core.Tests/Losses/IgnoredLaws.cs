using CsCheck;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Losses;

/// <summary>What a sample with an ignored label has: no loss, but everything that depends on its predictions alone.</summary>
public sealed class IgnoredLaws
{
    private const int Iterations = 60;
    private const double Ignored = -100;

    [Theory]
    [MemberData(nameof(LossTheories.Labelled), MemberType = typeof(LossTheories))]
    public void Score_LabelsIgnored_DescribesThePredictionsAsOfKeptSamples(string loss) => BatchGenerator.Batches(loss).Sample(
        draft =>
        {
            if (!draft.IsBinary && draft.LabelForm != LabelForm.Indices) return;
            draft = draft.Without("ignore_index") with { Mask = null };
            var perRow = draft.Samples / draft.Rows;
            int[] dropped = [.. Enumerable.Range(0, draft.Rows).Where(row => row % 2 == 1)];
            var ignoring = draft.With("ignore_index", new[] { (long)Ignored }) with
            {
                Labels = [.. draft.Labels!.Select((label, i) => dropped.Contains(i / perRow) ? Ignored : label)],
            };

            var (all, some) = (draft.Describe(), ignoring.Describe());

            Assert.Equal(all.Probabilities, some.Probabilities);
            Assert.Equal(all.LogProbabilities, some.LogProbabilities);
            Assert.Equal(all.Entropy, some.Entropy);
            Assert.Equal(all.Predictions, some.Predictions);
            Assert.All(draft.Pick(some.Losses, dropped)!, value => Assert.Equal(0, value));
            Assert.All(draft.Pick(some.Gradient, dropped)!, value => Assert.Equal(0, value));
        },
        iter: Iterations);

    /// <summary>Nothing validates the predictions of an ignored sample.</summary>
    [Theory]
    [MemberData(nameof(LossTheories.Labelled), MemberType = typeof(LossTheories))]
    public void Score_NoPredictionsWhereIgnored_HasNaNThereAndNothingElse(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        double[] values = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, -1, 2, 1e308, -1e308];
        var rows = (from a in values from b in values from c in values select new[] { a, b, c }).ToArray();
        foreach (var form in loss.Accepts)
        {
            var good = form == PredictionForm.LogProbabilities ? [Math.Log(0.25), Math.Log(0.25), Math.Log(0.5)]
                : (double[])[0.25, 0.25, 0.5];
            var draft = new Draft
            {
                Loss = loss,
                Form = form,
                Rows = rows.Length + 1,
                Classes = 3,
                Predictions = [.. rows.SelectMany(row => row), .. good],
                LabelForm = loss.Kind == LossKind.Binary ? LabelForm.Dense : LabelForm.Indices,
                Labels = loss.Kind == LossKind.Binary ? [.. Enumerable.Repeat(Ignored, 3 * rows.Length), 1, 0, 1]
                    : [.. Enumerable.Repeat(Ignored, rows.Length), 1],
            };
            var scored = draft.With("ignore_index", new[] { (long)Ignored }).Describe();
            var alone = draft.Take(rows.Length).Describe();
            Assert.Equal(alone.Loss, scored.Loss);
            Assert.Equal(alone.Elements, [.. draft.Pick(scored.Losses, rows.Length)!, .. draft.Pick(scored.Gradient, rows.Length)!,
                .. draft.Pick(scored.Hessian, rows.Length)!, .. draft.Pick(scored.Probabilities, rows.Length)!,
                .. draft.Pick(scored.LogProbabilities, rows.Length)!,
                .. draft.Pick(scored.Entropy, rows.Length)!, .. draft.Pick(scored.Predictions, rows.Length)!]);
            Assert.Equal(alone.Metrics?.Perplexity, scored.Metrics?.Perplexity);
            // one NaN on every machine
            Assert.All(scored.Elements.Where(double.IsNaN), value =>
                Assert.Equal(BitConverter.DoubleToUInt64Bits(double.NaN), BitConverter.DoubleToUInt64Bits(value)));
            Assert.All(scored.Losses[..^draft.Pick(scored.Losses, 0)!.Length], value => Assert.Equal(0, value));
            Assert.All(scored.Gradient[..^3], value => Assert.Equal(0, value));
            for (var row = 0; row < rows.Length; row++)
            {
                if (loss.Kind == LossKind.Binary) AssertElements(draft, scored, row);
                else AssertRow(draft, scored, row);
            }
        }
    }

    private static void AssertElements(Draft draft, Scored scored, int row)
    {
        var (p, predictions) = (draft.Pick(scored.Probabilities, row)!, draft.Pick(scored.Predictions, row)!);
        foreach (var (z, i) in draft.Pick(draft.Predictions, row)!.Select((z, i) => (z, i)))
        {
            Assert.Equal(double.IsNaN(z), double.IsNaN(p[i]));
            Assert.Equal(double.IsNaN(z) ? -1 : z > (draft.Form == PredictionForm.Logits ? 0 : 0.5) ? 1 : 0, predictions[i]);
        }
    }

    private static void AssertRow(Draft draft, Scored scored, int row)
    {
        var z = draft.Pick(draft.Predictions, row)!;
        var (p, logP, entropy) = (draft.Pick(scored.Probabilities, row)!, draft.Pick(scored.LogProbabilities, row)!, scored.Entropy[row]);
        if (draft.Form == PredictionForm.Logits)
        {
            var hasSoftmax = !z.Any(double.IsNaN) && z.Count(double.IsPositiveInfinity) <= 1 && !z.All(double.IsNegativeInfinity);
            Assert.All(p.Concat(logP).Append(entropy), value => Assert.Equal(hasSoftmax, !double.IsNaN(value)));
        }
        else
        {
            Assert.Equal(z.Select(double.IsNaN), p.Select(double.IsNaN));
            if (z.Any(double.IsNaN)) Assert.Equal(double.NaN, entropy);
        }
        Assert.Equal(z.Any(double.IsNaN) ? -1 : Array.IndexOf(z, z.Max()), scored.Predictions[row]);
    }
}
