using LossService.Core.Losses;
using LossService.Core.Tensors;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Losses;

/// <summary>What the likelihood of an order says of ties, of single items and of items that are not there.</summary>
public sealed class ListMleTests
{
    private static readonly Loss ListMle = LossCatalogue.Find("list_mle")!;

    [Fact]
    public void Score_OneRelevantItem_IsCrossEntropy()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var draft = BatchGenerator.Draw(ListMle, Plain with { LabelForms = [LabelForm.Indices] }, seed);
            var (list, entropy) = (draft.Score(), (draft with { Loss = LossCatalogue.Find("cross_entropy")! }).Score());
            AssertNear(entropy.Losses, list.Losses);
            AssertNear(entropy.Gradient, list.Gradient);
        }
    }

    /// <summary>The order of the relevances counts, not their size, nor how the list is arranged.</summary>
    [Fact]
    public void Score_RearrangedOrRescaled_IsTheSame()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var draft = BatchGenerator.Draw(ListMle, Plain.OfSize(1, 12) with { LabelForms = [LabelForm.Dense] }, seed);
            var places = Enumerable.Range(0, 12).Reverse().ToArray();
            var rescaled = draft with { Labels = [.. draft.Labels!.Select(r => Math.Exp(3 * r) - 100)] };
            var arranged = draft with
            {
                Predictions = [.. places.Select(place => draft.Predictions[place])],
                Labels = [.. places.Select(place => draft.Labels![place])],
            };
            var (scored, other) = (draft.Score(), arranged.Score());
            Assert.Equal(scored.Elements, rescaled.Score().Elements);
            AssertNear(scored.Losses, other.Losses);
            AssertNear([.. places.Select(place => scored.Gradient[place])], other.Gradient);
        }
    }

    /// <summary>Items of the lowest level may come in any order: their orders' probabilities add up to that of the rest.</summary>
    [Fact]
    public void Score_TiesInTheLowestLevel_IsTheProbabilityOfAnyOfTheirOrders()
    {
        double[] z = [0.5, -1, 2, 0.25, 1.5], relevance = [2, 0, 1, 0, 0];
        var sum = 0.0;
        foreach (var (a, b, c) in ((int, int, int)[])[(1, 3, 4), (1, 4, 3), (3, 1, 4), (3, 4, 1), (4, 1, 3), (4, 3, 1)])
            sum += Probability([z[0], z[2], z[a], z[b], z[c]]);
        AssertNear([-Math.Log(sum)], Of(z, relevance).Score().Losses);
    }

    [Fact]
    public void Score_EqualRelevances_SayNothing()
    {
        var scored = Of([3, -1, 0.5], [2, 2, 2]).Describe();
        Assert.Equal([0], scored.Losses);
        Assert.All([.. scored.Gradient, .. scored.Hessian], derivative => Assert.Equal(0, derivative));
    }

    /// <summary>A short list is filled up by logits of −∞ with the lowest relevance.</summary>
    [Fact]
    public void Score_FilledUp_IsTheShortList()
    {
        const double None = double.NegativeInfinity;
        var (list, filled) = (Of([3, -1, 0.5], [1, 0, 2]).Describe(), Of([None, 3, -1, None, 0.5], [0, 1, 0, 0, 2]).Describe());
        AssertNear([0, .. list.Gradient[..2], 0, list.Gradient[2]], filled.Gradient);
        AssertNear([0, .. list.Hessian[..2], 0, list.Hessian[2]], filled.Hessian);
        AssertNear(list.Losses, filled.Losses);
        Assert.Equal([double.PositiveInfinity], Of([3, None, 0.5], [1, 2, 0]).Score().Losses);
    }

    private static BatchSpace Plain { get; } = new()
    {
        DTypes = [DType.Float64],
        Scales = [0.5, 4, 30],
        OptionChance = 0,
        DivisorChance = 0,
        Classes = (2, 40),
    };

    private static Draft Of(double[] z, double[] relevance) => new()
    {
        Loss = ListMle,
        Classes = z.Length,
        Predictions = z,
        Labels = relevance,
    };

    /// <summary>That items are drawn in this order.</summary>
    private static double Probability(double[] z)
    {
        var product = 1.0;
        for (var i = 0; i < z.Length; i++) product *= Math.Exp(z[i]) / z[i..].Sum(Math.Exp);
        return product;
    }

    private static void AssertNear(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-13 * (1e-3 + Math.Abs(pair.First))));
    }
}
