using System.Runtime.Intrinsics;
using CsCheck;
using LossService.Core.Numerics;

namespace LossService.Core.Tests.Numerics;

public class VectorRatioTests(ITestOutputHelper output)
{
    /// <summary>y/x, near 1 and far from it.</summary>
    private static readonly Gen<double> Ratios = Gen.OneOf(
        Gen.Double[0.3, 3],
        Gen.Double[-200, 200].Select(Math.Exp),
        Gen.Double[-0.07, 0.07].Select(r => 1 + r),
        Gen.Select(Gen.Double[-40, -3], Gen.Bool, (log, isAbove) => 1 + Math.Exp(log) * (isAbove ? 1 : -1)));

    [Fact]
    public void Compare_AgainstDoubleDouble_IsWithinItsBounds()
    {
        var (worstExcess, worstLog) = (0.0, 0.0);
        Gen.Select(Gen.Double[1e-9, 1].Array[4], Ratios.Array[4], (numbers, ratios) =>
        {
            var (x, ratio) = (Vector256.Create(numbers), Vector256.Create(ratios));
            return (X: x, Y: x * ratio);
        }).Sample(
            pair =>
            {
                var difference = new Dd(pair.Y) - new Dd(pair.X);
                var excess = VectorRatio.Compare(pair.X, pair.Y, difference.Hi, out var log, out _);
                var r = new Dd(difference.Hi) / new Dd(pair.X);
                var expectedLog = Dd.Log(new Dd(pair.Y) / new Dd(pair.X));
                // far from 1, the difference has lost digits of y; near 1, between 11/32 and 88/32, the quotient has lost those of r
                var isNear = Vector256.GreaterThanOrEqual(r.Hi, Vector256.Create(-21.0 / 32))
                    & Vector256.LessThan(r.Hi, Vector256.Create(56.0 / 32));
                var expected = r - Dd.Select(isNear, Dd.Log1p(r), expectedLog);
                for (var i = 0; i < Lanes.Width; i++)
                {
                    worstExcess = Math.Max(worstExcess, UlpDistance(expected.Hi[i], expected.Lo[i], excess[i]));
                    worstLog = Math.Max(worstLog, UlpDistance(expectedLog.Hi[i], expectedLog.Lo[i], log[i]));
                }
            },
            iter: 100_000,
            threads: 1);
        output.WriteLine($"worst errors: r − ln(1 + r) {worstExcess:F2} ulp, ln(y/x) {worstLog:F2} ulp");
        Assert.InRange(worstExcess, 0.5, 6);
        Assert.InRange(worstLog, 0.5, 4);
    }

    [Fact]
    public void Compare_OfEqualNumbers_IsZero()
    {
        var x = Vector256.Create(1e-200, 0.3, 1, 1e200);
        var excess = VectorRatio.Compare(x, x, Vector256<double>.Zero, out var log, out var r);
        Assert.Equal(Vector256<double>.Zero, excess);
        Assert.Equal(Vector256<double>.Zero, log);
        Assert.Equal(Vector256<double>.Zero, r);
    }

    [Fact]
    public void Compare_OfATinySecondNumber_IsNaN()
    {
        VectorRatio.Compare(Vector256.Create(0.5), Vector256.Create(1e-300), Vector256.Create(-0.5), out var log, out _);
        Assert.True(double.IsNaN(log[0]));
    }

    private static double UlpDistance(double high, double low, double actual) => high == 0
        ? actual == 0 ? 0 : double.PositiveInfinity
        : Math.Abs((actual - high - low) / (Math.BitIncrement(Math.Abs(high)) - Math.Abs(high)));
}
