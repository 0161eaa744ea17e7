using System.Runtime.Intrinsics;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Tests.Numerics;

namespace LossService.Core.Tests.Kernels;

public class LogisticElementTests(ITestOutputHelper output)
{
    [Fact]
    public void HardLabels_AnyLogits_WithinTheirBoundsOfDoubleDouble()
    {
        var random = new Random(1);
        double worstLoss = 0, worstError = 0, worstSquare = 0, worstSlope = 0;
        for (var i = 0; i < 40_000; i++)
        {
            var z = Draw(random, i % 8 == 0 ? 1400 : 80);
            var element = Prepare(z, Vector256.Create(i % 2.0));
            var a = new Dd(i % 2 == 0 ? z : -z);
            var e = Dd.Exp(-Dd.Abs(a));
            var loss = Dd.Max(a, Dd.Zero) + Dd.Log1p(e);
            var error = Dd.Select(Dd.LessThan(Dd.Zero, a), Dd.One, e) / (Dd.One + e);
            var slope = new Dd(2.0) * Dd.Square(error) * (Dd.Select(Dd.LessThan(Dd.Zero, a), e, Dd.One) / (Dd.One + e));
            PrepareHard(z, i % 2).Square(out var derivative);
            for (var lane = 0; lane < 4; lane++)
            {
                worstLoss = Math.Max(worstLoss, Error(element.CrossEntropy, loss, lane));
                worstSlope = Math.Max(worstSlope, Error(i % 2 == 0 ? derivative : -derivative, slope, lane));
                worstError = Math.Max(worstError, Error(PlainDouble.Abs(element.Error), error, lane));
                worstSquare = Math.Max(worstSquare, Error(PrepareHard(z, i % 2).Square(out _), Dd.Square(error), lane));
            }
        }
        output.WriteLine($"worst errors: cross-entropy {worstLoss:F4} ulp, p − t {worstError:F4} ulp, its square {worstSquare:F4} ulp and "
            + $"the derivative {worstSlope:F4} ulp");
        Assert.InRange(worstLoss, 0.5, 3);
        Assert.InRange(worstError, 0.5, 4);
        Assert.InRange(worstSquare, 0.5, 4);
        Assert.InRange(worstSlope, 0.5, 16);
    }

    [Fact]
    public void SoftLabels_AnyLogits_CrossEntropyWithinThreeUlpsAndDerivativeToAFloatOrLost()
    {
        var random = new Random(2);
        double worstLoss = 0, worst = 0;
        var lost = 0;
        for (var i = 0; i < 40_000; i++)
        {
            var z = Draw(random, i % 8 == 0 ? 1400 : 20);
            var t = Draw(random, 1) + Vector256.Create(0.5);
            // each fourth is as near to p as a float32 can be
            if (i % 4 == 0) t = Vector256.Create(Array.ConvertAll(new double[4], _ => (double)(float)(1 / (1 + Math.Exp(-z[0])))));
            if (i % 4 == 0) z = Vector256.Create(z[0]);
            var element = Prepare(z, t);
            var e = Dd.Exp(-Dd.Abs(new Dd(z)));
            var p = Dd.Select(Dd.LessThan(new Dd(z), Dd.Zero), e, Dd.One) / (Dd.One + e);
            var isNegative = Dd.LessThan(new Dd(z), Dd.Zero);
            var loss = Dd.Log1p(e) + Dd.Abs(new Dd(z)) * Dd.Select(isNegative, new Dd(t), Dd.One - new Dd(t));
            var bits = PlainDouble.GetBits(element.IsErrorLost);
            for (var lane = 0; lane < 4; lane++)
            {
                worstLoss = Math.Max(worstLoss, Error(element.CrossEntropy, loss, lane));
                if ((bits & (1u << lane)) != 0) lost++;
                else worst = Math.Max(worst, Error(element.Error, p - new Dd(t), lane));
            }
        }
        output.WriteLine($"worst ulp: cross-entropy {worstLoss:F4}, p − t {worst:F0}; {lost} lost");
        Assert.InRange(worstLoss, 0.5, 3);
        // 2²⁶ ulp of a double are an eighth of one of a float32
        Assert.InRange(worst, 0.5, 1 << 26);
        Assert.InRange(lost, 1000, 50_000);
    }

    [Fact]
    public void InfiniteLogits_AreTheLimits()
    {
        var (up, down) = (double.PositiveInfinity, double.NegativeInfinity);
        var element = Prepare(Vector256.Create(up, down, up, down), Vector256.Create(1.0, 1, 0, 0));
        Assert.Equal(Vector256.Create(0, up, up, 0), element.CrossEntropy.Round());
        Assert.Equal(Vector256.Create(0.0, -1, 1, 0), element.Error.Round());
        Assert.Equal(0u, PlainDouble.GetBits(element.IsErrorLost));
    }

    private static Vector256<double> Draw(Random random, double span) =>
        Vector256.Create(Array.ConvertAll(new double[4], _ => span * (random.NextDouble() - 0.5)));

    private static LogisticElement<PlainDouble> Prepare(Vector256<double> z, Vector256<double> t)
    {
        var (logits, label) = (PlainDouble.Of(z), PlainDouble.Of(t));
        return new(logits, PlainDouble.Zero, LogisticElement<PlainDouble>.Exponential(logits), label, PlainDouble.One - label);
    }

    private static HardElement<PlainDouble> PrepareHard(Vector256<double> z, double t) =>
        new(PlainDouble.Of(z), LogisticElement<PlainDouble>.Exponential(PlainDouble.Of(z)), PlainDouble.Of(t));

    private static double Error(PlainDouble computed, Dd truth, int lane) =>
        FixedPoint.ErrorInUlps(computed.Round()[lane], FixedPoint.Of(truth.Hi[lane], truth.Lo[lane]));
}
