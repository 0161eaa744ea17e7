using LossService.Core.Options;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Losses;

/// <summary>Laws of a batch that hold for labels of every form.</summary>
internal static class LabelLaws
{
    /// <summary>A row alone has the bits that it has in its batch.</summary>
    public static void AssertRowsAreIndependent(Draft draft)
    {
        draft = draft with { Reduction = Reduction.Sum };
        var together = draft.Describe();
        for (var row = 0; row < draft.Rows; row++)
        {
            var alone = draft.Take(row).Describe();
            Assert.Equal(draft.Pick(together.Losses, row), alone.Losses);
            Assert.Equal(draft.Pick(together.Gradient, row), alone.Gradient);
            Assert.Equal(draft.Pick(together.Hessian, row), alone.Hessian);
            Assert.Equal(draft.Pick(together.LogProbabilities, row), alone.LogProbabilities);
            Assert.Equal(draft.Pick(together.Predictions, row), alone.Predictions);
        }
    }

    /// <summary>A float32 result is that of double-double, or its neighbour.</summary>
    public static void AssertFloat32IsExact(Draft draft)
    {
        var (fast, exact) = (draft.Describe(), (draft with { IsExact = true }).Describe());
        Assert.All(exact.Elements.Zip(fast.Elements), pair =>
        {
            if (!double.IsNaN(pair.First) || !double.IsNaN(pair.Second))
                Assert.InRange((float)pair.Second, MathF.BitDecrement((float)pair.First), MathF.BitIncrement((float)pair.First));
        });
    }

    /// <summary>Numbers differ by no more than a part of their size, and of 1.</summary>
    public static void AssertNear(IEnumerable<double> expected, IEnumerable<double> actual, double tolerance) =>
        Assert.All(expected.Zip(actual), pair =>
        {
            if (!pair.First.Equals(pair.Second))
                Assert.InRange(Math.Abs(pair.First - pair.Second), 0, tolerance * (1 + Math.Abs(pair.First)));
        });
}
