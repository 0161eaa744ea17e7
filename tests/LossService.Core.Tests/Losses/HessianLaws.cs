using CsCheck;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Core.Validation;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Losses;

/// <summary>What holds of the second derivatives of every loss that has them; the golden files have their digits.</summary>
public sealed class HessianLaws
{
    private const int Iterations = 60;
    private const double Step = 1e-5;

    public static TheoryData<string> Curved => [.. LossCatalogue.All.Where(loss => loss.HasSecondDerivative).Select(loss => loss.Name)];

    public static TheoryData<string> Straight =>
        [.. LossCatalogue.All.Where(loss => !loss.HasSecondDerivative).Select(loss => loss.Name)];

    /// <summary>Between the derivative of the gradient to the left and that to the right: which holds at a kink, too.</summary>
    [Theory]
    [MemberData(nameof(Curved))]
    public void Hessian_AgainstDifferencesOfTheGradient_LiesBetweenThem(string loss)
    {
        var compared = 0L;
        BatchGenerator.Batches(loss).Sample(
            draft =>
            {
                // a row of probabilities with one of them moved is no distribution
                draft = draft.Take(0) with { DType = DType.Float64, Reduction = Reduction.Sum, IsUnchecked = true };
                if (draft.Predictions.Any(x => Math.Abs(x) > 40)) return;
                var scored = draft.Curve();
                for (var i = 0; i < scored.Hessian.Length; i++)
                {
                    if (!CanMove(draft.Form, draft.Predictions[i])) continue;
                    var (left, right) = (Difference(draft, scored, i, -Step), Difference(draft, scored, i, Step));
                    if (!double.IsFinite(left + right)) continue;
                    var slack = 1e-6 * (1 + Math.Abs(left) + Math.Abs(right) + Math.Abs(scored.Gradient[i]));
                    Assert.InRange(scored.Hessian[i], Math.Min(left, right) - slack, Math.Max(left, right) + slack);
                    if (Math.Abs(left - right) < 1e-3 * Math.Abs(left)) Interlocked.Increment(ref compared);
                }
            },
            iter: Iterations);
        Assert.True(compared > 20, $"only {compared} second derivatives could be compared");
    }

    [Theory]
    [MemberData(nameof(Curved))]
    public void Hessian_UnderEveryReduction_IsScaledAsTheGradient(string loss) => BatchGenerator.Batches(loss).Sample(
        draft =>
        {
            draft = draft with { DType = DType.Float64, Reduction = Reduction.Sum };
            var sum = draft.Curve();
            foreach (var (reduction, over) in ((Reduction, MeanOver)[])[
                (Reduction.Mean, MeanOver.Weight), (Reduction.Mean, MeanOver.Samples), (Reduction.None, MeanOver.Weight)])
            {
                var reduced = (draft with { Reduction = reduction, MeanOver = over }).Curve();
                for (var i = 0; i < sum.Hessian.Length; i++)
                {
                    // h/g is the same, without a division
                    var (expected, actual) = (sum.Hessian[i] * reduced.Gradient[i], reduced.Hessian[i] * sum.Gradient[i]);
                    if (double.IsNormal(expected) && double.IsNormal(actual)) Assert.Equal(expected, actual, 1e-14 * Math.Abs(expected));
                    // the sum's can underflow where the mean's, over a small weight, does not
                    if (sum.Hessian[i] == 0) Assert.False(double.IsNormal(reduced.Hessian[i]));
                }
            }
        },
        iter: Iterations);

    [Theory]
    [InlineData("cross_entropy")]
    [InlineData("binary_cross_entropy")]
    public void Hessian_OfALogit_IsPTimesOneLessP(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        var draft = new Draft { Loss = loss, Classes = 2, Predictions = [Math.Log(3), 0], Labels = [1, 0], Reduction = Reduction.Sum };
        double[] expected = loss.Kind == LossKind.Binary ? [0.1875, 0.25] : [0.1875, 0.1875];
        Assert.All(expected.Zip(draft.Curve().Hessian), pair => Assert.Equal(pair.First, pair.Second, 1e-16));
        Assert.All(expected.Zip(draft.With("temperature", 2.0).Curve().Hessian), pair => Assert.True(pair.Second < pair.First / 3));
    }

    [Theory]
    [MemberData(nameof(Straight))]
    public void Hessian_OfALossWithoutOne_IsRefusedWithThoseThatHaveIt(string name)
    {
        var draft = BatchGenerator.Draw(LossCatalogue.Find(name)!, BatchSpace.Everything, seed: 1);
        var problem = Assert.Throws<InvalidBatchException>(() => Scored.Of(draft, OutputSet.Hessian)).Message;
        Assert.Contains($"{name} has no hessian; these have: asymmetric, binary_brier", problem, StringComparison.Ordinal);
    }

    private static bool CanMove(PredictionForm form, double x) => form switch
    {
        PredictionForm.Logits => true,
        PredictionForm.Probabilities => x is > 0.02 and < 0.98,
        _ => x is > -5 and < -0.01,
    };

    private static double Difference(Draft draft, Scored scored, int i, double step)
    {
        double[] moved = [.. draft.Predictions];
        moved[i] += step;
        return ((draft with { Predictions = moved }).Curve().Gradient[i] - scored.Gradient[i]) / (moved[i] - draft.Predictions[i]);
    }
}
