using System.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Tests.Tensors;

public class TensorTextTests
{
    [Theory]
    [InlineData(DType.Float32, 2.2, "2.2")]
    [InlineData(DType.Float16, 2.2, "2.2")]
    [InlineData(DType.BFloat16, 2.2, "2.2")]
    [InlineData(DType.Float64, 2.2, "2.2")]
    [InlineData(DType.Float64, 2.200000047683716, "2.200000047683716")]
    [InlineData(DType.Float32, -0.1, "-0.1")]
    [InlineData(DType.BFloat16, 0.333, "0.332")]
    [InlineData(DType.Float32, 1e10, "1e10")]
    [InlineData(DType.Float64, 1e10, "1e10")]
    [InlineData(DType.Float64, 9999999999, "9999999999")]
    [InlineData(DType.Float64, 1.5e-7, "1.5e-7")]
    [InlineData(DType.Float64, 1e-5, "0.00001")]
    [InlineData(DType.Float64, 1250, "1250")]
    [InlineData(DType.Float64, 1234.5, "1234.5")]
    [InlineData(DType.Float32, 3.4028234663852886e38, "3.4028235e38")]
    [InlineData(DType.Float32, 1.401298464324817e-45, "1e-45")]
    [InlineData(DType.Float64, double.MaxValue, "1.7976931348623157e308")]
    [InlineData(DType.Float64, double.Epsilon, "5e-324")]
    [InlineData(DType.Float16, 65504, "65500")]
    [InlineData(DType.Float64, 0, "0")]
    [InlineData(DType.Float32, -0.0, "-0")]
    [InlineData(DType.Float32, double.NaN, "NaN")]
    [InlineData(DType.BFloat16, double.PositiveInfinity, "Infinity")]
    [InlineData(DType.Float16, double.NegativeInfinity, "-Infinity")]
    public void Text_OfAFloat_IsTheShortestDecimalOfItsDType(DType dtype, double value, string expected)
    {
        using var tensor = new Tensor(dtype, new Shape(2));
        tensor.Write(0, [1, value]);
        Assert.Equal(expected, tensor.Text(1));
    }

    /// <summary>The nearest decimal of 16 digits is below 2^-44, where doubles lie twice as close, and does not read back.</summary>
    [Fact]
    public void Text_OfAPowerOfTwo_TakesTheShortDecimalAboveIt() => Assert.Equal("5.684341886080802e-14", Text(Math.ScaleB(1, -44)));

    [Fact]
    public void Text_WhereTheFrameworkWritesADigitTooFew_ReadsBack() => Assert.Equal("4.1045368012983762e-289", Text(Math.ScaleB(1, -958)));

    [Theory]
    [InlineData(DType.Float16, 5, 10)]
    [InlineData(DType.BFloat16, 8, 7)]
    public void Text_OfEveryNarrowFloat_ReadsBackAndHasTheFewestDigits(DType dtype, int exponentBits, int fractionBits)
    {
        using var tensor = new Tensor(dtype, new Shape(1 << 15));
        for (var i = 0; i < 1 << 15; i++) tensor.AsSpan<ushort>()[i] = (ushort)i;
        var infinity = ((1 << exponentBits) - 1) << fractionBits;
        for (var i = 1; i < infinity; i++)
        {
            // in units of a quarter of the smallest float, where all ends of the intervals that round to a float are whole numbers
            var biased = Math.Max(i >> fractionBits, 1);
            var ulp = BigInteger.One << (biased + 1);
            var value = ulp * (i - ((biased - 1) << fractionBits));
            var isPower = i > 1 << fractionBits && (i & ((1 << fractionBits) - 1)) == 0;
            var low = value - (isPower && biased > 1 ? ulp / 4 : ulp / 2);
            var high = value + ulp / 2;
            var isEven = i % 2 == 0;
            var smallest = 2 - (1 << (exponentBits - 1)) - fractionBits;

            var text = tensor.Text(i);
            var (digits, exponent) = Parse(text);
            Assert.True(IsInside(digits, exponent), text);
            // a digit less: of the two decimals around the value none may read back
            if (digits < 10) continue;
            var (below, power) = (digits / 10, exponent + 1);
            for (var candidate = below - 1; candidate <= below + 2; candidate++)
                Assert.False(IsInside(candidate, power), $"{candidate}e{power} is shorter than {text}");

            bool IsInside(BigInteger decimalDigits, int decimalPower)
            {
                // digits · 10^power against bound · 2^(smallest − 2), both as integers
                var left = decimalDigits * BigInteger.Pow(10, Math.Max(decimalPower, 0)) << Math.Max(2 - smallest, 0);
                var scale = BigInteger.Pow(10, Math.Max(-decimalPower, 0)) << Math.Max(smallest - 2, 0);
                var (toLow, toHigh) = (left.CompareTo(low * scale), left.CompareTo(high * scale));
                return (toLow > 0 || (toLow == 0 && isEven)) && (toHigh < 0 || (toHigh == 0 && isEven));
            }
        }
    }

    [Fact]
    public void Text_OfAnInteger_IsItsDigits()
    {
        using var tensor = new Tensor(DType.UInt64, new Shape(1));
        tensor.AsSpan<ulong>()[0] = ulong.MaxValue;
        Assert.Equal("18446744073709551615", tensor.Text(0));
        using var signed = new Tensor(DType.Int8, new Shape(1));
        signed.AsSpan<sbyte>()[0] = -7;
        Assert.Equal("-7", signed.Text(0));
        using var boolean = new Tensor(DType.Bool, new Shape(2));
        (boolean.AsSpan<byte>()[0], boolean.AsSpan<byte>()[1]) = (0, 1);
        Assert.Equal("01", boolean.Text(0) + boolean.Text(1));
    }

    private static string Text(double value)
    {
        using var tensor = new Tensor(DType.Float64, new Shape(1));
        tensor.Write(0, [value]);
        return tensor.Text(0);
    }

    /// <summary>Digits · 10^exponent, without trailing zeros.</summary>
    private static (BigInteger Digits, int Exponent) Parse(string text)
    {
        var parts = text.Split('e');
        var point = parts[0].IndexOf('.', StringComparison.Ordinal);
        var exponent = (parts.Length > 1 ? int.Parse(parts[1]) : 0) - (point < 0 ? 0 : parts[0].Length - point - 1);
        var digits = BigInteger.Parse(parts[0].Replace(".", "", StringComparison.Ordinal));
        for (; digits % 10 == 0; exponent++) digits /= 10;
        return (digits, exponent);
    }
}
