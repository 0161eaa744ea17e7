using LossService.Core.Numerics;

namespace LossService.Core.Tests.Numerics;

public class DdFunctionTests(ITestOutputHelper output)
{
    [Fact]
    public void Exp_GoldenArguments_ErrorBelowBound() => AssertAccurate("exp", (x, _) => Dd.Exp(x), -105);

    [Fact]
    public void Expm1_GoldenArguments_ErrorBelowBound() => AssertAccurate("expm1", (x, _) => Dd.Expm1(x), -102);

    [Fact]
    public void Log_GoldenArguments_ErrorBelowBound() => AssertAccurate("log", (x, _) => Dd.Log(x), -102);

    [Fact]
    public void Log1p_GoldenArguments_ErrorBelowBound() => AssertAccurate("log1p", (x, _) => Dd.Log1p(x), -102);

    [Fact]
    public void Pow_GoldenArguments_ErrorBelowBound() => AssertAccurate("pow", Dd.Pow, -95);

    [Fact]
    public void Pow_WholeExponents_AgreeWithHalfExponents()
    {
        // x^y goes through squaring, the others through exp and log
        for (var y = 1; y <= 16; y++)
        {
            var x = new Dd(0.73, 1e-18);
            var error = (Dd.Pow(x, y) * Dd.Pow(x, 0.5) - Dd.Pow(x, y + 0.5)) / Dd.Pow(x, y + 0.5);
            Assert.InRange(Math.Abs(error.ToScalar()), 0, Math.ScaleB(1, -100));
        }
    }

    [Theory]
    [InlineData(double.NegativeInfinity, 0)]
    [InlineData(-1e300, 0)]
    [InlineData(-745.14, 0)]
    [InlineData(-745.1, double.Epsilon)]
    [InlineData(0, 1)]
    [InlineData(709.79, double.PositiveInfinity)]
    [InlineData(709.7828, double.PositiveInfinity)]
    [InlineData(double.PositiveInfinity, double.PositiveInfinity)]
    [InlineData(double.NaN, double.NaN)]
    public void Exp_EndsOfTheRange_AreExact(double x, double expected) => AssertIs(expected, Dd.Exp(new Dd(x)));

    [Theory]
    [InlineData(double.NegativeInfinity, -1)]
    [InlineData(-1e300, -1)]
    [InlineData(0, 0)]
    [InlineData(5e-324, 5e-324)]
    [InlineData(-1e-300, -1e-300)]
    [InlineData(709.79, double.PositiveInfinity)]
    [InlineData(double.PositiveInfinity, double.PositiveInfinity)]
    [InlineData(double.NaN, double.NaN)]
    public void Expm1_EndsOfTheRange_AreExact(double x, double expected) => AssertIs(expected, Dd.Expm1(new Dd(x)));

    [Theory]
    [InlineData(0, double.NegativeInfinity)]
    [InlineData(-0.0, double.NegativeInfinity)]
    [InlineData(1, 0)]
    [InlineData(-5e-324, double.NaN)]
    [InlineData(double.NegativeInfinity, double.NaN)]
    [InlineData(double.PositiveInfinity, double.PositiveInfinity)]
    [InlineData(double.NaN, double.NaN)]
    public void Log_EndsOfTheRange_AreExact(double x, double expected) => AssertIs(expected, Dd.Log(new Dd(x)));

    [Theory]
    [InlineData(-1, double.NegativeInfinity)]
    [InlineData(-1.5, double.NaN)]
    [InlineData(0, 0)]
    [InlineData(5e-324, 5e-324)]
    [InlineData(-1e-300, -1e-300)]
    [InlineData(double.PositiveInfinity, double.PositiveInfinity)]
    [InlineData(double.NaN, double.NaN)]
    public void Log1p_EndsOfTheRange_AreExact(double x, double expected) => AssertIs(expected, Dd.Log1p(new Dd(x)));

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(0, 0.5, 0)]
    [InlineData(0, 2, 0)]
    [InlineData(0, -0.5, double.PositiveInfinity)]
    [InlineData(1, 1e300, 1)]
    [InlineData(0.3, 0, 1)]
    [InlineData(0.3, 1, 0.3)]
    [InlineData(0.5, 1e300, 0)]
    [InlineData(double.PositiveInfinity, 0, 1)]
    [InlineData(double.PositiveInfinity, 0.5, double.PositiveInfinity)]
    [InlineData(double.PositiveInfinity, -2, 0)]
    [InlineData(double.NaN, 0, double.NaN)]
    [InlineData(double.NaN, 2, double.NaN)]
    [InlineData(-1, 0.5, double.NaN)]
    public void Pow_EndsOfTheRange_AreExact(double x, double y, double expected) => AssertIs(expected, Dd.Pow(new Dd(x), y));

    [Fact]
    public void Exp_TinyArgument_KeptInLowPart()
    {
        var result = Dd.Exp(new Dd(1e-300));
        Assert.Equal((1, 1e-300), (result.Hi[0], result.Lo[0]));
        Assert.Equal(1e-300, Dd.Log(result).ToScalar());
    }

    private static void AssertIs(double expected, Dd actual)
    {
        for (var lane = 0; lane < 4; lane++)
        {
            Assert.Equal(expected, actual.Hi[lane]);
            if (!double.IsFinite(expected)) Assert.Equal(0, actual.Lo[lane]);
        }
    }

    private void AssertAccurate(string name, Func<Dd, double, Dd> function, int bound)
    {
        var worst = 0.0;
        foreach (var row in Golden.Table(name))
        {
            var computed = function(new Dd(row[0], row[1]), row[2]);
            var error = FixedPoint.RelativeError(
                FixedPoint.Of(computed.Hi[0], computed.Lo[0]), FixedPoint.Of(row.AsSpan(^3..)));
            if (error > worst) output.WriteLine($"{name}({row[0]:R}, {row[1]:R}): {Math.Log2(error):F2}");
            worst = Math.Max(worst, error);
        }
        Assert.True(worst <= Math.ScaleB(1, bound), $"worst relative error 2^{Math.Log2(worst):F1}");
    }
}
