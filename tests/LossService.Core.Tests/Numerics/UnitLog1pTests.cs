using System.Runtime.Intrinsics;
using CsCheck;
using LossService.Core.Numerics;

namespace LossService.Core.Tests.Numerics;

public class UnitLog1pTests(ITestOutputHelper output)
{
    [Fact]
    public void Compute_GoldenArguments_WithinItsBound()
    {
        var worst = Golden.Table("log1p").Where(row => row[0] is >= 0 and <= 1 && row[1] == 0).Max(row =>
            FixedPoint.ErrorInUlps(UnitLog1p.Compute(Vector256.Create(row[0]))[0], FixedPoint.Of(row.AsSpan(^3..))));
        output.WriteLine($"worst error {worst:F4} ulp");
        Assert.InRange(worst, 0.25, 1);
    }

    [Fact]
    public void Compute_DenseArguments_WithinItsBoundOfDoubleDouble()
    {
        var worst = 0.0;
        Gen.Select(Gen.Double[0, 1], Gen.Int[-40, 0], Math.ScaleB).Array[4].Sample(
            values =>
            {
                var x = Vector256.Create(values);
                var (truth, computed) = (Dd.Log1p(new Dd(x)), UnitLog1p.Compute(x));
                for (var lane = 0; lane < 4; lane++)
                    worst = Math.Max(worst, FixedPoint.ErrorInUlps(computed[lane], FixedPoint.Of(truth.Hi[lane], truth.Lo[lane])));
            },
            iter: 40_000,
            threads: 1);
        output.WriteLine($"worst error {worst:F4} ulp");
        Assert.InRange(worst, 0.4, 1);
    }

    [Fact]
    public void Compute_EndsOfItsDomain_AreExact()
    {
        var x = Vector256.Create(0, 5e-324, 1e-17, 1);
        Assert.Equal(Vector256.Create(0, 5e-324, 1e-17, 0.6931471805599453), UnitLog1p.Compute(x));
    }
}
