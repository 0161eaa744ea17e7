using System.Runtime.Intrinsics;
using CsCheck;
using LossService.Core.Numerics;

namespace LossService.Core.Tests.Numerics;

public class VectorMathTests(ITestOutputHelper output)
{
    [Fact]
    public void Exp_GoldenArguments_WithinOneUlp() => AssertWithin(0.53, Golden.Table("exp").Where(row => row[0] <= 0), row =>
        VectorMath.Exp(Vector512.Create(row[0]), Vector512.Create(row[1]))[0]);

    [Fact]
    public void Log1p_GoldenArguments_WithinOneUlp() => AssertWithin(
        0.6,
        Golden.Table("log1p").Where(row => row[0] >= 0 && row[1] == 0),
        row => VectorMath.Log1p(Vector512.Create(row[0]))[0]);

    [Fact]
    public void Exp_DenseArguments_WithinOneUlpOfDoubleDouble() => Gen.Double[-745.2, 0].Array[8].Sample(
        values =>
        {
            var x = Vector512.Create(values);
            AssertNear(Dd.Exp(new Dd(x)), VectorMath.Exp(x, Vector512<double>.Zero));
        },
        iter: 20_000);

    [Fact]
    public void Log1p_DenseArguments_WithinOneUlpOfDoubleDouble() => Gen.Double[-60, 60].Array[8].Sample(
        values =>
        {
            var x = Dd.Exp(new Dd(Vector512.Create(values))).Hi;
            AssertNear(Dd.Log1p(new Dd(x)), VectorMath.Log1p(x));
        },
        iter: 20_000);

    [Fact]
    public void Exp_SpecialValues_AreExact()
    {
        var x = Vector512.Create(0, -0.0, double.NegativeInfinity, double.NaN, -746, -1e300, -745.2, -5e-324);
        var noise = Vector512.Create(0, 0, double.NaN, 0, 0, double.NaN, 0, 0);
        AssertBits(Vector512.Create(1, 1, 0, double.NaN, 0, 0, 0, 1.0), VectorMath.Exp(x, noise));
    }

    [Fact]
    public void Log1p_SpecialValues_AreExact()
    {
        var x = Vector512.Create(0, double.PositiveInfinity, double.NaN, 5e-324, 1e-300, 1, 1e-17, double.MaxValue);
        AssertBits(
            Vector512.Create(0, double.PositiveInfinity, double.NaN, 5e-324, 1e-300, 0.6931471805599453, 1e-17, 709.782712893384),
            VectorMath.Log1p(x));
    }

    [Fact]
    public void LaneTable_AnyIndex_SameEntriesByPermuteAndByLoad() => Gen.Long.Array[8].Sample(values =>
    {
        var index = Vector512.Create(values);
        var low = index & Vector512.Create(15L);
        AssertBits(LaneTable.Load(PowerOfTwo.Sixteenths, low), LaneTable.Read16(PowerOfTwo.Sixteenths, index));
        low = index & Vector512.Create(31L);
        AssertBits(LaneTable.Load(LogarithmTable.High, low), LaneTable.Read32(LogarithmTable.High, index));
    });

    [Fact]
    public void PowerOfTwo_AnyScale_SameBitsByInstructionAndByHalves() =>
        Gen.Select(Gen.Double[0.5, 4].Array[8], Gen.Double[-1100, 1030].Array[8]).Sample((values, exponents) =>
        {
            var (x, e) = (Vector512.Create(values), Vector512.Create(exponents));
            AssertBits(PowerOfTwo.ScaleInHalves(x, e), PowerOfTwo.Scale(x, e));
        });

    /// <summary>
    /// Results over a fixed walk of arguments, folded into one number: the constant is what every machine and every setting of
    /// the runtime (DOTNET_EnableAVX512=0, DOTNET_EnableAVX2=0) must give.
    /// </summary>
    [Fact]
    public void EveryFunction_FixedWalk_SameBitsEverywhere()
    {
        var hash = 0L;
        for (var i = 0; i < 4000; i++)
        {
            var x = Vector512.Create(-0.18 * i) - Vector512.Create(0.0, 0.021, 0.043, 0.065, 0.087, 0.11, 0.13, 0.15);
            var small = VectorMath.Exp(x, Vector512<double>.Zero);
            var wide = Dd.Exp(new Dd(x) / Vector512.Create(3.0));
            foreach (var result in (ReadOnlySpan<Vector512<double>>)
                [small, VectorMath.Log1p(small), wide.Hi, wide.Lo, Dd.Expm1(new Dd(x)).Lo, Dd.Log(wide).Lo,
                    Dd.Log1p(wide).Lo, Dd.Pow(wide, 0.3).Lo, Dd.SumOfLanes(wide).Lo])
            {
                for (var lane = 0; lane < 8; lane++)
                    hash = unchecked((hash ^ BitConverter.DoubleToInt64Bits(result[lane])) * 0x100000001B3);
            }
        }
        Assert.Equal(-2628033044039747436, hash);
    }

    private void AssertWithin(double bound, IEnumerable<double[]> rows, Func<double[], double> function)
    {
        var worst = rows.Max(row => FixedPoint.ErrorInUlps(function(row), FixedPoint.Of(row.AsSpan(^3..))));
        output.WriteLine($"worst error {worst:F4} ulp");
        Assert.InRange(worst, 0.25, bound);
    }

    private static void AssertNear(Dd truth, Vector512<double> computed)
    {
        for (var lane = 0; lane < 8; lane++)
        {
            var ulps = FixedPoint.ErrorInUlps(computed[lane], FixedPoint.Of(truth.Hi[lane], truth.Lo[lane]));
            // Near the subnormals the truth itself has no low part left, so it can be half an ulp off
            var bound = truth.Hi[lane] > 1e-290 ? 0.6 : 1;
            Assert.True(ulps <= bound, $"{ulps} ulp at {truth.Hi[lane]:R}");
        }
    }

    private static void AssertBits(Vector512<double> expected, Vector512<double> actual)
    {
        for (var lane = 0; lane < 8; lane++)
            Assert.Equal(expected[lane], actual[lane]);
    }
}
