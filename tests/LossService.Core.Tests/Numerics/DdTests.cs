using System.Numerics;
using System.Runtime.Intrinsics;
using CsCheck;
using LossService.Core.Numerics;

namespace LossService.Core.Tests.Numerics;

public class DdTests
{
    private static readonly double[] Special =
        [0, 1, -1, 0.5, 3, 1e-300, double.MaxValue, double.PositiveInfinity, double.NegativeInfinity, double.NaN];

    /// <summary>Double-doubles between 2⁻⁴⁰ and 2⁴⁰, of either sign.</summary>
    private static readonly Gen<Dd> Moderate =
        from exponent in Gen.Int[-40, 40]
        from hi in Gen.Double[1, 2]
        from lo in Gen.Double[-0.5, 0.5]
        from negative in Gen.Bool
        select Dd.Sum(
            Vector256.Create(Math.ScaleB(negative ? -hi : hi, exponent)), Vector256.Create(Math.ScaleB(lo, exponent - 53)));

    [Fact]
    public void Sum_AnyFiniteDoubles_IsExact() => Gen.Select(Gen.Double[-1e300, 1e300], Gen.Double).Sample((a, b) =>
    {
        if (!double.IsFinite(a + b)) return;
        var sum = Dd.Sum(Vector256.Create(a), Vector256.Create(b));
        Assert.Equal(FixedPoint.Of(a, b), FixedPoint.Of(sum.Hi[0], sum.Lo[0]));
    });

    [Fact]
    public void Arithmetic_ModerateValues_ErrorsBelowBounds() => Gen.Select(Moderate, Moderate).Sample((a, b) =>
    {
        var (x, y, yHi, one) = (Scaled(a), Scaled(b), FixedPoint.Of(b.Hi[0]), FixedPoint.Of(1));
        AssertClose(Scaled(a + b), x + y, -104);
        AssertClose(Scaled(a - b), x - y, -104);
        AssertClose(Scaled(a + b.Hi), x + yHi, -104);
        AssertClose(Scaled(a - b.Hi), x - yHi, -104);
        AssertClose(Scaled(a * b) * one, x * y, -104);
        AssertClose(Scaled(a * b.Hi) * one, x * yHi, -104);
        AssertClose(Scaled(Dd.Square(a)) * one, x * x, -104);
        AssertClose(Scaled(a / b) * y, x * one, -102);
        AssertClose(Scaled(a / b.Hi) * yHi, x * one, -102);
    });

    [Fact]
    public void Arithmetic_SpecialValues_FollowsIeeeWithoutLowPart()
    {
        foreach (var a in Special)
        {
            foreach (var b in Special)
            {
                AssertIeee(a + b, new Dd(a) + new Dd(b));
                AssertIeee(a + b, new Dd(a) + Vector256.Create(b));
                AssertIeee(a - b, new Dd(a) - new Dd(b));
                AssertIeee(a * b, new Dd(a) * new Dd(b));
                AssertIeee(a * b, new Dd(a) * Vector256.Create(b));
                AssertIeee(a / b, new Dd(a) / new Dd(b));
                AssertIeee(a / b, new Dd(a) / Vector256.Create(b));
                AssertIeee(Math.Max(a, b), Dd.Max(new Dd(a), new Dd(b)));
                AssertIeee(a == 0 ? 0 : a * b, Dd.XLogY(new Dd(a), new Dd(b)));
            }
            AssertIeee(a * a, Dd.Square(new Dd(a)));
            AssertIeee(Math.Abs(a), Dd.Abs(new Dd(a)));
        }
    }

    [Fact]
    public void Comparison_AgreesWithExactValues() => Gen.Select(Moderate, Moderate, Gen.Bool).Sample((a, b, sameHigh) =>
    {
        if (sameHigh) b = Dd.Sum(a.Hi, b.Lo * Vector256.Create(1e-15));
        var order = Scaled(a).CompareTo(Scaled(b));
        Assert.Equal(order < 0, IsSet(Dd.LessThan(a, b)));
        Assert.Equal(order <= 0 ? Scaled(b) : Scaled(a), Scaled(Dd.Max(a, b)));
    });

    [Fact]
    public void SumOfLanes_AnyLanes_EveryLaneHoldsTheSameTotal() => Gen.Double[-1e10, 1e10].Array[4].Sample(values =>
    {
        var sum = Dd.SumOfLanes(new Dd(Vector256.Create(values)));
        Assert.True(Vector256.EqualsAll(sum.Hi, Vector256.Create(sum.Hi[0])));
        Assert.True(Vector256.EqualsAll(sum.Lo, Vector256.Create(sum.Lo[0])));
        var error = FixedPoint.Of(sum.Hi[0], sum.Lo[0]) - FixedPoint.Of(values);
        // Three additions, each within 2⁻¹⁰⁴ of at most 4·10¹⁰
        Assert.True(BigInteger.Abs(error) <= FixedPoint.Of(Math.ScaleB(3 * 4e10, -104)));
    });

    private static BigInteger Scaled(Dd a) => FixedPoint.Of(a.Hi[0], a.Lo[0]);

    private static void AssertClose(BigInteger computed, BigInteger truth, int bound) =>
        Assert.True(BigInteger.Abs(computed - truth) <= BigInteger.Abs(truth) >> -bound);

    private static bool IsSet(Vector256<double> mask) => Vector256.EqualsAll(mask.AsInt64(), Vector256<long>.AllBitsSet);

    private static void AssertIeee(double expected, Dd actual)
    {
        Assert.Equal(expected, actual.Hi[0]);
        if (!double.IsFinite(expected)) Assert.Equal(0, actual.Lo[0]);
    }
}
