using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Losses;

/// <summary>Distances between label and prediction are bounded, and stay so where probabilities underflow.</summary>
public sealed class DivergenceTests
{
    private static readonly double[] Betas = [2e-20, 1e-10, 0.1, 0.5, 0.9, 1 - 1e-10, Math.BitDecrement(1)];

    /// <summary>Every bounded distance with its least upper bound.</summary>
    public static TheoryData<string, double> Bounded => new()
    {
        { "brier", 2 },
        { "total_variation", 1 },
        { "generalized_cross_entropy", 1 / 0.7 },
        { "js_divergence", Math.Log(2) },
    };

    [Theory]
    [MemberData(nameof(Bounded))]
    public void Loss_ProbabilitiesUnderflow_IsBounded(string name, double bound)
    {
        foreach (var draft in Wide(name))
        {
            var scored = draft.Score();
            Assert.All(scored.Losses, value => Assert.InRange(value, 0, bound));
            Assert.All(scored.Gradient, value => Assert.True(double.IsFinite(value), $"{value} of {draft}"));
        }
    }

    [Fact]
    public void JsDivergence_EveryBeta_IsBounded()
    {
        foreach (var beta in Betas)
        {
            var bound = -beta * Math.Log(beta) + (beta < 1e-9 ? beta - beta * beta / 2 : (beta - 1) * Math.Log(1 - beta));
            foreach (var draft in Wide("js_divergence").Select(draft => draft.With("beta", beta)))
            {
                var scored = draft.Score();
                Assert.All(scored.Losses, value => Assert.InRange(value, 0, bound * (1 + 1e-15)));
                Assert.All(scored.Gradient, value => Assert.True(double.IsFinite(value), $"{value} of {draft}"));
            }
        }
    }

    /// <summary>To first order in p = e^−gap, the loss is −(1 − β) log (1 − β) p: the class with t = 0 alone.</summary>
    [Theory]
    [InlineData(744, 1)]
    [InlineData(700, 1)]
    [InlineData(200, 1)]
    [InlineData(7.4, 0.01)]
    [InlineData(7, 0.01)]
    public void JsDivergence_AlmostRight_IsThatOfTheOtherClass(double gap, double temperature)
    {
        foreach (var beta in Betas.Where(beta => beta >= 0.1))
        {
            var draft = Of("js_divergence", [gap, 0], [1, 0]).With("beta", beta).With("temperature", temperature);
            var expected = -(1 - beta) * Math.Log(1 - beta) * Math.Exp(-gap / temperature);
            Assert.Equal(expected, draft.Score().Loss!.Value, 1e-12 * expected + 1e-322);
        }
    }

    [Fact]
    public void JsDivergence_ClearlyWrong_IsAtItsBound()
    {
        foreach (var beta in Betas.Where(beta => beta is >= 0.1 and < 0.99))
        {
            var scored = Of("js_divergence", [0, 2000], [1, 0]).With("beta", beta).Score();
            var bound = -beta * Math.Log(beta) - (1 - beta) * Math.Log(1 - beta);
            Assert.Equal(bound, scored.Loss!.Value, 1e-15);
        }
    }

    /// <summary>Where p underflows beside a label above 0, t log(t/m) is −t log β.</summary>
    [Fact]
    public void JsDivergence_LabelAndPredictionUnderflow_IsFinite()
    {
        var scored = Of("js_divergence", [0, -2000, -2000], [1, 1e-300, 0]).With("beta", 2e-20).Score();
        Assert.InRange(scored.Loss!.Value, 0, 1e-17);
        Assert.All(scored.Gradient, value => Assert.True(double.IsFinite(value)));
    }

    /// <summary>Logits and labels of which some probabilities underflow, also by a low temperature.</summary>
    private static IEnumerable<Draft> Wide(string loss) =>
        from gap in (double[])[1, 7.4, 37, 700, 709, 744, 745, 746, 1000, 1e10, 1e300]
        from label in (double[][])[[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0], [0, 0.25, 0.75], [1, 1e-300, 0], [0, 1e-310, 1]]
        from temperature in (double[])[1, 0.01]
        select Of(loss, [gap, 0, -1], label).With("temperature", temperature);

    private static Draft Of(string loss, double[] logits, double[] labels) => new()
    {
        Loss = LossCatalogue.Find(loss)!,
        Form = PredictionForm.Logits,
        DType = DType.Float64,
        Classes = logits.Length,
        Predictions = logits,
        Labels = labels,
    };
}
