using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Tests.Shared;
using static LossService.Core.Tests.Losses.RelationTests;

namespace LossService.Core.Tests.Losses;

/// <summary>What the multi-label margin is of many true classes.</summary>
public sealed class MultilabelMarginTests
{
    /// <summary>The loss sorts the true classes; here is the sum over all pairs.</summary>
    [Theory]
    [InlineData(3, 0.5)]
    [InlineData(40, 8)]
    [InlineData(300, 1)]
    public void Score_ManyTrueClasses_IsTheSumOverPairs(int classes, double scale)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var space = new BatchSpace
            {
                DTypes = [DType.Float32],
                LabelForms = [LabelForm.Dense],
                Scales = [scale],
                OptionChance = 0,
                WeightChance = 0,
                MaskChance = 0,
                DivisorChance = 0,
            };
            var draft = BatchGenerator.Draw(LossCatalogue.Find("multilabel_margin")!, space.OfSize(2, classes), seed) with
            {
                Reduction = Reduction.Sum,
            };
            var (losses, gradient) = (new double[2], new double[2 * classes]);
            for (var row = 0; row < 2; row++)
            {
                var (z, t) = (draft.Pick(draft.Predictions, row)!.Select(x => (double)(float)x).ToArray(), draft.Pick(draft.Labels, row)!);
                foreach (var (y, c) in from y in Enumerable.Range(0, classes)
                                       from c in Enumerable.Range(0, classes)
                                       where t[y] == 1 && t[c] == 0 && 1 - z[y] + z[c] > 0
                                       select (y, c))
                {
                    losses[row] += (1 - z[y] + z[c]) / classes;
                    gradient[row * classes + c] += 1.0 / classes;
                    gradient[row * classes + y] -= 1.0 / classes;
                }
            }
            var scored = (draft with { DType = DType.Float64, Predictions = [.. draft.Predictions.Select(x => (double)(float)x)] }).Score();
            AssertNear(losses, scored.Losses);
            AssertNear(gradient, scored.Gradient);
        }
    }
}
