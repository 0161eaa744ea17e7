using System.Runtime.Intrinsics;
using CsCheck;
using LossService.Core.Numerics;

namespace LossService.Core.Tests.Numerics;

public class VectorMathTests(ITestOutputHelper output)
{
    [Fact]
    public void Exp_GoldenArguments_WithinOneUlp() => AssertWithin(0.53, Golden.Table("exp").Where(row => row[0] < 709.782), row =>
        VectorMath.Exp(Vector256.Create(row[0]), Vector256.Create(row[1]))[0]);

    [Fact]
    public void Log1p_GoldenArguments_WithinOneUlp() => AssertWithin(
        0.6,
        Golden.Table("log1p").Where(row => row[1] == 0),
        row => VectorMath.Log1p(Vector256.Create(row[0]))[0]);

    [Fact]
    public void Log_GoldenArguments_WithinOneUlp() => AssertWithin(
        1, Golden.Table("log").Where(row => row[1] == 0), row => VectorMath.Log(Vector256.Create(row[0]))[0]);

    [Fact]
    public void Pow_GoldenArguments_WithinItsBound() => AssertWithin(
        13,
        Golden.Table("pow").Where(row => row[1] == 0 && double.IsNormal(row[3])),
        row => VectorMath.Pow(Vector256.Create(row[0]), row[2])[0]);

    [Fact]
    public void Exp_DenseArguments_WithinOneUlpOfDoubleDouble() => Gen.Double[-745.2, 0].Array[4].Sample(
        values =>
        {
            var x = Vector256.Create(values);
            AssertNear(Dd.Exp(new Dd(x)), VectorMath.Exp(x, Vector256<double>.Zero));
        },
        iter: 20_000);

    [Fact]
    public void Log1p_DenseArguments_WithinOneUlpOfDoubleDouble() => Gen.Double[-60, 60].Array[4].Sample(
        values =>
        {
            var x = Dd.Exp(new Dd(Vector256.Create(values))).Hi;
            AssertNear(Dd.Log1p(new Dd(x)), VectorMath.Log1p(x));
        },
        iter: 20_000);

    [Fact]
    public void Log_DenseArguments_WithinOneUlpOfDoubleDouble()
    {
        var worst = 0.0;
        Gen.OneOf(Gen.Double[0.3, 3], Gen.Double[-700, 700].Select(Math.Exp), Gen.Double[-0.02, 0.02].Select(x => 1 + x)).Array[4].Sample(
            values =>
            {
                var x = Vector256.Create(values);
                worst = Math.Max(worst, GreatestError(Dd.Log(new Dd(x)), VectorMath.Log(x)));
            },
            iter: 20_000,
            threads: 1);
        output.WriteLine($"worst error {worst:F4} ulp");
        Assert.InRange(worst, 0.4, 1);
    }

    [Fact]
    public void Log1p_NegativeArguments_WithinOneUlpOfDoubleDouble() => Gen.OneOf(
        Gen.Double[-1, 0], Gen.Double[-40, 0].Select(x => -Math.Exp(x)), Gen.Double[-40, 0].Select(x => Math.Exp(x) - 1)).Array[4].Sample(
        values =>
        {
            var x = Vector256.Create(values);
            Assert.InRange(GreatestError(Dd.Log1p(new Dd(x)), VectorMath.Log1p(x)), 0, 0.6);
        },
        iter: 20_000);

    [Fact]
    public void Pow_DenseArguments_WithinItsBoundOfDoubleDouble()
    {
        var worst = 0.0;
        foreach (var y in (double[])[1, 2, 3, 4, 5, 7, 15, 16, 0.5, 0.1, 1.5, 2.25, 3.7, 40.5, -0.5])
        {
            Gen.OneOf(Gen.Double[0, 1], Gen.Double[-15, 15].Select(Math.Exp)).Array[4].Sample(
                values =>
                {
                    var x = Vector256.Create(values);
                    worst = Math.Max(worst, GreatestError(Dd.Pow(new Dd(x), y), VectorMath.Pow(x, y)));
                },
                iter: 500,
                threads: 1);
        }
        output.WriteLine($"worst error {worst:F4} ulp");
        Assert.InRange(worst, 1, 13);
    }

    [Fact]
    public void Exp_SpecialValues_AreExact()
    {
        Check([0, -0.0, double.NegativeInfinity, double.NaN], [0, 0, double.NaN, 0], [1, 1, 0, double.NaN]);
        Check([-746, -1e300, -745.2, -5e-324], [0, double.NaN, 0, 0], [0, 0, 0, 1]);
        Check([709.79, 709.7828, double.PositiveInfinity, 1e300], [0, 0, double.NaN, double.NaN], double.PositiveInfinity);
        Check([5e-324, 1, 709.78, 0], [0, 0, 0, 0], [1, Math.E, 1.7928227943945155e308, 1]);

        static void Check(double[] x, double[] noise, params double[] expected) => AssertBits(
            expected.Length == 1 ? Vector256.Create(expected[0]) : Vector256.Create(expected),
            VectorMath.Exp(Vector256.Create(x), Vector256.Create(noise)));
    }

    [Fact]
    public void Log_SpecialValues_AreExact()
    {
        AssertBits(
            Vector256.Create(double.NegativeInfinity, double.NegativeInfinity, 0, double.PositiveInfinity),
            VectorMath.Log(Vector256.Create(0, -0.0, 1, double.PositiveInfinity)));
        AssertBits(
            Vector256.Create(double.NaN, double.NaN, double.NaN, -744.4400719213812),
            VectorMath.Log(Vector256.Create(double.NaN, -5e-324, double.NegativeInfinity, 5e-324)));
    }

    [Theory]
    [InlineData(0, 1, 1, 1, double.NaN)]
    [InlineData(1, 0, 1, double.PositiveInfinity, double.NaN)]
    [InlineData(2, 0, 1, double.PositiveInfinity, double.NaN)]
    [InlineData(3, 0, 1, double.PositiveInfinity, double.NaN)]
    [InlineData(0.5, 0, 1, double.PositiveInfinity, double.NaN)]
    [InlineData(17.5, 0, 1, double.PositiveInfinity, double.NaN)]
    [InlineData(-2, double.PositiveInfinity, 1, 0, double.NaN)]
    [InlineData(1e300, 0, 1, double.PositiveInfinity, double.NaN)]
    public void Pow_EndsOfTheRange_AreExact(double y, double ofZero, double ofOne, double ofInfinity, double ofNaN)
    {
        var x = Vector256.Create(0, 1, double.PositiveInfinity, double.NaN);
        AssertBits(Vector256.Create(ofZero, ofOne, ofInfinity, ofNaN), VectorMath.Pow(x, y));
    }

    [Fact]
    public void Log1p_SpecialValues_AreExact()
    {
        Check([0, double.PositiveInfinity, double.NaN, 5e-324], [0, double.PositiveInfinity, double.NaN, 5e-324]);
        Check([1e-300, 1, 1e-17, double.MaxValue], [1e-300, 0.6931471805599453, 1e-17, 709.782712893384]);
        Check([-1, -1.5, double.NegativeInfinity, -5e-324], [double.NegativeInfinity, double.NaN, double.NaN, -5e-324]);
        Check([-1e-300, -0.5, -1e-17, -double.MaxValue], [-1e-300, -0.6931471805599453, -1e-17, double.NaN]);

        static void Check(double[] x, double[] expected) => AssertBits(Vector256.Create(expected), VectorMath.Log1p(Vector256.Create(x)));
    }

    [Fact]
    public void LaneTable_AnyIndex_SameEntriesByPermuteAndByLoad() => Gen.Long.Array[4].Sample(values =>
    {
        var index = Vector256.Create(values);
        var low = index & Vector256.Create(15L);
        AssertBits(LaneTable.Load(PowerOfTwo.Sixteenths, low), LaneTable.Read16(PowerOfTwo.Sixteenths, index));
        low = index & Vector256.Create(31L);
        AssertBits(LaneTable.Load(LogarithmTable.High, low), LaneTable.Read32(LogarithmTable.High, index));
    });

    [Fact]
    public void PowerOfTwo_AnyScale_SameBitsByInstructionAndByHalves() =>
        Gen.Select(Gen.Double[0.5, 4].Array[4], Gen.Double[-1100, 1030].Array[4]).Sample((values, exponents) =>
        {
            var (x, e) = (Vector256.Create(values), Vector256.Create(exponents));
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
            var x = Vector256.Create(-0.18 * i) - Vector256.Create(0.0, 0.043, 0.087, 0.13);
            var small = VectorMath.Exp(x, Vector256<double>.Zero);
            var wide = Dd.Exp(new Dd(x) / Vector256.Create(3.0));
            foreach (var result in (ReadOnlySpan<Vector256<double>>)
                [small, VectorMath.Log1p(small), VectorMath.Log(small), VectorMath.Pow(small, 2.5),
                    wide.Hi, wide.Lo, Dd.Expm1(new Dd(x)).Lo, Dd.Log(wide).Lo,
                    Dd.Log1p(wide).Lo, Dd.Pow(wide, 0.3).Lo, Dd.SumOfLanes(wide).Lo])
            {
                for (var lane = 0; lane < 4; lane++)
                    hash = unchecked((hash ^ BitConverter.DoubleToInt64Bits(result[lane])) * 0x100000001B3);
            }
        }
        Assert.Equal(-3353645247552916323, hash);
    }

    private void AssertWithin(double bound, IEnumerable<double[]> rows, Func<double[], double> function)
    {
        var worst = rows.Max(row => FixedPoint.ErrorInUlps(function(row), FixedPoint.Of(row.AsSpan(^3..))));
        output.WriteLine($"worst error {worst:F4} ulp");
        Assert.InRange(worst, 0.25, bound);
    }

    private static double GreatestError(Dd truth, Vector256<double> computed)
    {
        var worst = 0.0;
        for (var lane = 0; lane < 4; lane++)
            worst = Math.Max(worst, FixedPoint.ErrorInUlps(computed[lane], FixedPoint.Of(truth.Hi[lane], truth.Lo[lane])));
        return worst;
    }

    private static void AssertNear(Dd truth, Vector256<double> computed)
    {
        for (var lane = 0; lane < 4; lane++)
        {
            var ulps = FixedPoint.ErrorInUlps(computed[lane], FixedPoint.Of(truth.Hi[lane], truth.Lo[lane]));
            // Near the subnormals the truth itself has no low part left, so it can be half an ulp off
            var bound = truth.Hi[lane] > 1e-290 ? 0.6 : 1;
            Assert.True(ulps <= bound, $"{ulps} ulp at {truth.Hi[lane]:R}");
        }
    }

    private static void AssertBits(Vector256<double> expected, Vector256<double> actual)
    {
        for (var lane = 0; lane < 4; lane++)
            Assert.Equal(expected[lane], actual[lane]);
    }
}
