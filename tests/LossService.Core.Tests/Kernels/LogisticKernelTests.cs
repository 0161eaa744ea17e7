using System.Runtime.Intrinsics;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Tests.Numerics;

namespace LossService.Core.Tests.Kernels;

public class LogisticKernelTests(ITestOutputHelper output)
{
    [Fact]
    public void LossAndDerivative_AnyLogits_WithinThreeUlpsOfDoubleDouble()
    {
        var random = new Random(1);
        var (worstLoss, worstDerivative) = (0.0, 0.0);
        for (var i = 0; i < 40_000; i++)
        {
            var span = i % 8 == 0 ? 1400 : 80;
            var z = Vector256.Create(Array.ConvertAll(new double[4], _ => span * (random.NextDouble() - 0.5)));
            var isPositive = i % 2 == 0 ? Vector256<double>.Zero : Vector256<double>.AllBitsSet;
            var kernel = Prepare(z, isPositive);
            var signed = i % 2 == 0 ? z : -z;
            var a = new Dd(signed);
            var e = Dd.Exp(-Dd.Abs(a));
            var loss = Dd.Max(a, Dd.Zero) + Dd.Log1p(e);
            var derivative = Dd.Select(Dd.LessThan(Dd.Zero, a), Dd.One, e) / (Dd.One + e);
            for (var lane = 0; lane < 4; lane++)
            {
                worstLoss = Math.Max(worstLoss, Error(kernel.Loss.Round()[lane], loss, lane));
                worstDerivative = Math.Max(worstDerivative, Error(kernel.Derivative.Round()[lane], derivative, lane));
            }
        }
        output.WriteLine($"worst errors: loss {worstLoss:F4} ulp, derivative {worstDerivative:F4} ulp");
        Assert.InRange(worstLoss, 0.5, 3);
        Assert.InRange(worstDerivative, 0.5, 3);
    }

    [Fact]
    public void LossAndDerivative_InfiniteLogits_AreTheLimits()
    {
        var (up, down) = (double.PositiveInfinity, double.NegativeInfinity);
        var z = Vector256.Create(up, down, up, down);
        var isPositive = Vector256.Create(-1L, -1, 0, 0).AsDouble();
        var kernel = Prepare(z, isPositive);
        Assert.Equal(Vector256.Create(0, up, up, 0), kernel.Loss.Round());
        Assert.Equal(Vector256.Create(0.0, 1, 1, 0), kernel.Derivative.Round());
    }

    private static LogisticKernel<PlainDouble> Prepare(Vector256<double> z, Vector256<double> isPositive)
    {
        var logits = PlainDouble.Of(z);
        return new(logits, LogisticKernel<PlainDouble>.Exponential(logits), PlainDouble.Of(isPositive));
    }

    private static double Error(double computed, Dd truth, int lane) =>
        FixedPoint.ErrorInUlps(computed, FixedPoint.Of(truth.Hi[lane], truth.Lo[lane]));
}
