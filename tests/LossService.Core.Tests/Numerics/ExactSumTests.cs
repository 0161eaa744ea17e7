using System.Numerics;
using CsCheck;
using LossService.Core.Numerics;

namespace LossService.Core.Tests.Numerics;

public class ExactSumTests
{
    private static readonly double[] MinMax = [1e308, -1e308, 1, -1, double.MaxValue, -double.MaxValue, 1e-308];

    /// <summary>Any finite doubles: every exponent, subnormals, zeros, pairs that nearly cancel, and runs that fill the bins.</summary>
    private static readonly Gen<double[]> AnyDoubles = Gen.Frequency(
        (3, Gen.Long.Select(BitConverter.Int64BitsToDouble).Where(double.IsFinite).Array[0, 60]),
        (3, Gen.Double[-1, 1].Array[0, 200]),
        (2, Gen.Select(Gen.Double[-1, 1], Gen.Int[-120, 3], Math.ScaleB).Array[250, 800]),
        (1, Gen.Long[-9, 9].Select(units => units * double.Epsilon).Array[0, 20]),
        (1, Gen.Int[0, MinMax.Length - 1].Select(i => MinMax[i]).Array[0, 40]));

    [Fact]
    public void Round_AnyTerms_NearestDoubleOfExactSum() => AnyDoubles.Sample(values =>
    {
        var expected = FixedPoint.Rounded(FixedPoint.Of(values));
        Assert.Equal(expected, OneByOne(values).Round());
        Assert.Equal(expected, InBulk(values).Round());
    });

    [Fact]
    public void Round_TieBetweenDoubles_GoesToEven()
    {
        Assert.Equal(1, OneByOne([1, Math.ScaleB(1, -53)]).Round());
        Assert.Equal(1 + Math.ScaleB(1, -51), OneByOne([1, Math.ScaleB(3, -53)]).Round());
        Assert.Equal(1 + Math.ScaleB(1, -52), OneByOne([1, Math.ScaleB(1, -53), double.Epsilon]).Round());
    }

    [Fact]
    public void Round_AnyOrderAndSplit_SameBits() =>
        Gen.Select(AnyDoubles, Gen.Int[0, int.MaxValue], Gen.Int[0, 200]).Sample((values, seed, cut) =>
        {
            var shuffled = (double[])values.Clone();
            new Random(seed).Shuffle(shuffled);
            cut = Math.Min(cut, values.Length);
            var merged = InBulk(shuffled.AsSpan(0, cut));
            merged.Add(OneByOne(shuffled.AsSpan(cut)));
            Assert.Equal(InBulk(values).Round(), merged.Round());
        });

    [Fact]
    public void AddProduct_AnyFactors_NearestDoubleOfExactSum() => Gen.Select(AnyDoubles, AnyDoubles).Sample((a, b) =>
    {
        var sum = new ExactSum();
        var exact = BigInteger.Zero;
        for (var i = 0; i < Math.Min(a.Length, b.Length); i++)
        {
            sum.AddProduct(a[i], b[i]);
            exact += FixedPoint.Of(a[i]) * FixedPoint.Of(b[i]);
        }
        Assert.Equal(FixedPoint.Rounded(exact, scale: 2 * 1074), sum.Round());
    });

    [Fact]
    public void Round_IntermediateOverflow_DoesNotShow()
    {
        double[] cancelling = [.. Enumerable.Repeat(double.MaxValue, 20), .. Enumerable.Repeat(-double.MaxValue, 19)];
        Assert.Equal(double.MaxValue, InBulk(cancelling).Round());
        Assert.Equal(double.PositiveInfinity, OneByOne([double.MaxValue, double.MaxValue]).Round());
        Assert.Equal(double.NegativeInfinity, OneByOne([-double.MaxValue, -double.MaxValue]).Round());
        // Half an ulp more than the largest double is a tie, and even is beyond the range
        Assert.Equal(double.PositiveInfinity, OneByOne([double.MaxValue, Math.ScaleB(1, 970)]).Round());
        Assert.Equal(double.MaxValue, OneByOne([double.MaxValue, Math.BitDecrement(Math.ScaleB(1, 970))]).Round());
        var product = new ExactSum();
        product.AddProduct(1e300, 1e300);
        product.AddProduct(-1e300, 1e300);
        product.AddProduct(1e-300, 1e-300);
        product.AddProduct(1, 7);
        Assert.Equal(7, product.Round());
    }

    [Theory]
    [InlineData(double.PositiveInfinity, 1, double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity, 1, double.NegativeInfinity)]
    [InlineData(double.PositiveInfinity, double.NegativeInfinity, double.NaN)]
    [InlineData(double.NaN, double.PositiveInfinity, double.NaN)]
    public void Round_NonFiniteTerms_FollowsIeee(double a, double b, double expected)
    {
        double[] values = [1, 2, 3, 4, 5, a, 7, 8, 9, b];
        Assert.Equal(expected, OneByOne(values).Round());
        Assert.Equal(expected, InBulk(values).Round());
        var products = new ExactSum();
        products.AddProduct(a, 2);
        products.AddProduct(2, b);
        Assert.Equal(expected, products.Round());
    }

    [Fact]
    public void Add_MillionTerms_CarriesInTime()
    {
        var sum = new ExactSum();
        for (var i = 0; i < 1_000_000; i++) sum.Add(double.MaxValue / 2_000_000);
        sum.Add(sum);
        Assert.Equal(FixedPoint.Rounded(2_000_000 * FixedPoint.Of(double.MaxValue / 2_000_000)), sum.Round());
    }

    [Fact]
    public void Clear_AfterAnything_LeavesZero()
    {
        var sum = OneByOne([1e308, 3, double.NaN]);
        sum.Clear();
        Assert.Equal(0, sum.Round());
    }

    private static ExactSum OneByOne(ReadOnlySpan<double> values)
    {
        var sum = new ExactSum();
        foreach (var value in values) sum.Add(value);
        return sum;
    }

    private static ExactSum InBulk(ReadOnlySpan<double> values)
    {
        var sum = new ExactSum();
        sum.Add(values);
        return sum;
    }
}
