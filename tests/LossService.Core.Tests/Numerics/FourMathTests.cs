using System.Runtime.Intrinsics;
using CsCheck;
using LossService.Core.Numerics;

namespace LossService.Core.Tests.Numerics;

/// <summary>The functions of four lanes give the bits of those of eight, whose errors have tests.</summary>
public class FourMathTests
{
    [Fact]
    public void Exp_AnyArguments_SameBitsAsOfEight() => AssertSame(
        Gen.OneOf(Gen.Double[-750, 715], Gen.Double[-1, 1], Gen.Double),
        x => FourMath.Exp(x, x * Vector256.Create(1e-17)), x => VectorMath.Exp(x, x * Vector512.Create(1e-17)));

    [Fact]
    public void ExpOfNegative_AnyArguments_SameBitsAsShifted() => AssertSame(
        Gen.OneOf(Gen.Double[-750, 0], Gen.Double[-1, 0], Gen.Double.Select(x => -Math.Abs(x))),
        FourMath.ExpOfNegative, x => new ShiftedExponential().Exp(x));

    [Fact]
    public void Log_AnyArguments_SameBitsAsOfEight() =>
        AssertSame(Gen.OneOf(Gen.Double[0, 3], Gen.Double), FourMath.Log, VectorMath.Log);

    [Fact]
    public void Log1p_AnyArguments_SameBitsAsOfEight() =>
        AssertSame(Gen.OneOf(Gen.Double[-1, 3], Gen.Double[-0.01, 0.01], Gen.Double), FourMath.Log1p, VectorMath.Log1p);

    [Fact]
    public void UnitLog1p_AnyArguments_SameBitsAsOfEight() => AssertSame(Gen.Double[0, 1], UnitLog1p.ComputeFour, UnitLog1p.Compute);

    [Fact]
    public void Pow_AnyArguments_SameBitsAsOfEight()
    {
        foreach (var y in (double[])[0, 1, 2, 3, 4, 7, 0.5, 2.5, 17.25])
            AssertSame(Gen.OneOf(Gen.Double[0, 1], Gen.Double[0, 1e10]), x => FourMath.Pow(x, y), x => VectorMath.Pow(x, y));
    }

    private static void AssertSame(
        Gen<double> arguments, Func<Vector256<double>, Vector256<double>> four, Func<Vector512<double>, Vector512<double>> eight) =>
        arguments.Array[4].Sample(
            values =>
            {
                var x = Vector256.Create(values);
                var (actual, expected) = (four(x), eight(Vector512.Create(x, x)));
                for (var lane = 0; lane < 4; lane++) Assert.Equal(expected[lane], actual[lane]);
            },
            iter: 5000);
}
