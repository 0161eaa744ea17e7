using System.Runtime.Intrinsics;
using CsCheck;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Tests.Numerics;

namespace LossService.Core.Tests.Kernels;

public class LogisticKernelTests(ITestOutputHelper output)
{
    [Fact]
    public void LossAndDerivative_AnyLogits_WithinTheirBoundsOfDoubleDouble()
    {
        var (worstLoss, worstDerivative) = (0.0, 0.0);
        Gen.Select(Gen.Frequency((8, Gen.Double[-40, 40]), (1, Gen.Double[-700, 700])).Array[8], Gen.Bool).Sample(
            (logits, isPositive) =>
            {
                var z = Vector512.Create(logits);
                var mask = isPositive ? Vector512<double>.AllBitsSet : Vector512<double>.Zero;
                var kernel = new LogisticKernel(z, LogisticKernel.Exponential(z), mask);
                var a = new Dd(isPositive ? -z : z);
                var e = Dd.Exp(-Dd.Abs(a));
                var loss = Dd.Max(a, Dd.Zero) + Dd.Log1p(e);
                var derivative = Dd.Select(Dd.LessThan(Dd.Zero, a), Dd.One, e) / (Dd.One + e);
                for (var lane = 0; lane < 8; lane++)
                {
                    worstLoss = Math.Max(worstLoss, Error(kernel.Loss[lane], loss, lane));
                    worstDerivative = Math.Max(worstDerivative, Error(kernel.Derivative[lane], derivative, lane));
                }
            },
            iter: 20_000,
            threads: 1);
        output.WriteLine($"worst errors: loss {worstLoss:F4} ulp, derivative {worstDerivative:F4} ulp");
        Assert.InRange(worstLoss, 0.5, 2);
        Assert.InRange(worstDerivative, 0.5, 3);
    }

    [Fact]
    public void LossAndDerivative_InfiniteLogits_AreTheLimits()
    {
        var (up, down) = (double.PositiveInfinity, double.NegativeInfinity);
        var z = Vector512.Create(up, down, up, down, up, down, up, down);
        var isPositive = Vector512.Create(-1L, -1, -1, -1, 0, 0, 0, 0).AsDouble();
        var kernel = new LogisticKernel(z, LogisticKernel.Exponential(z), isPositive);
        Assert.Equal(Vector512.Create(0, up, 0, up, up, 0, up, 0), kernel.Loss);
        Assert.Equal(Vector512.Create(0.0, 1, 0, 1, 1, 0, 1, 0), kernel.Derivative);
    }

    private static double Error(double computed, Dd truth, int lane) =>
        FixedPoint.ErrorInUlps(computed, FixedPoint.Of(truth.Hi[lane], truth.Lo[lane]));
}
