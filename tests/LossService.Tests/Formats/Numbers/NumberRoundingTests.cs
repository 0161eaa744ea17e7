using System.Globalization;
using System.Numerics;
using System.Text;
using LossService.Formats.Numbers;

namespace LossService.Tests.Formats.Numbers;

/// <summary>Every decimal becomes the float nearest to it, ties to even, as the framework's exact parser finds it.</summary>
public sealed class NumberRoundingTests
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    [Fact]
    public void PowersOfTen_EveryEntry_IsTheFloorOfTheExactPower()
    {
        for (var q = PowersOfTen.MinPower; q <= PowersOfTen.MaxPower; q++)
        {
            // ⌊10^q · 2^(127 − e)⌋, where e is right exactly if the result has 128 bits
            var shift = 127 - PowersOfTen.Exponent(q);
            var power = BigInteger.Pow(10, Math.Abs(q));
            var expected = q < 0
                ? (BigInteger.One << shift) / power
                : shift >= 0 ? power << shift : power >> -shift;
            Assert.Equal(128, expected.GetBitLength());
            Assert.Equal(expected, ((BigInteger)PowersOfTen.High(q) << 64) | PowersOfTen.Low(q));
        }
    }

    [Fact]
    public void ReadFloat32_RandomBits_GivesTheFrameworksBits() =>
        AgreeOnFloat32(Random(1, 300_000, r => Finite((uint)r.NextInt64(1L << 32)).ToString("R", Invariant)));

    [Fact]
    public void ReadFloat64_RandomBits_GivesTheFrameworksBits() =>
        AgreeOnFloat64(Random(2, 300_000, r => Finite(r.NextInt64(long.MinValue, long.MaxValue)).ToString("R", Invariant)));

    [Fact]
    public void Read_RandomDecimals_GivesTheFrameworksBits()
    {
        string[] numbers = [.. Random(3, 200_000, r =>
            $"{r.NextInt64(1L << r.Next(1, 63))}.{r.NextInt64(1L << r.Next(1, 63))}e{r.Next(-60, 40)}")];
        AgreeOnFloat32(numbers.Where(n => float.IsFinite(float.Parse(n, Invariant))));
        AgreeOnFloat64(numbers);
    }

    [Fact]
    public void Read_WholeRangeOfExponents_GivesTheFrameworksBits() =>
        AgreeOnFloat64(Random(4, 300_000, r => $"{r.NextInt64(1L << r.Next(1, 63))}e{r.Next(-345, 289)}"));

    [Fact]
    public void ReadFloat32_MidpointsAndOneDigitBesideThem_RoundToEvenAndToTheNearest() =>
        AgreeOnFloat32(Random(5, 5_000, r => (uint)r.NextInt64(0x7F7FFFFF)).SelectMany(bits =>
            Beside(Exact(BitConverter.UInt32BitsToSingle(bits)), Exact(BitConverter.UInt32BitsToSingle(bits + 1)))));

    [Fact]
    public void ReadFloat64_MidpointsAndOneDigitBesideThem_RoundToEvenAndToTheNearest() =>
        AgreeOnFloat64(Random(6, 2_000, r => r.NextInt64(0x7FEFFFFFFFFFFFFF)).SelectMany(bits =>
            Beside(Exact(BitConverter.Int64BitsToDouble(bits)), Exact(BitConverter.Int64BitsToDouble(bits + 1)))));

    [Fact]
    public void ReadFloat32_MidpointsOfShortIntegers_RoundToEven() =>
        AgreeOnFloat32(Random(7, 20_000, r => $"{((r.NextInt64(1L << 23, 1L << 24) * 2) + 1) << r.Next(0, 30)}"));

    [Fact]
    public void ReadFloat32_NearMidpointsAmongOthers_GivesTheFrameworksBits() =>
        AgreeOnFloat32(Random(8, 400_000, r =>
        {
            var number = (float)((r.NextDouble() - 0.5) * Math.Pow(10, r.Next(-12, 12)));
            if (r.Next(4) > 0) return number.ToString("R", Invariant);

            // a float64 so near to the middle of two float32 that some digits more or less decide
            var midpoint = (number + (double)float.BitIncrement(number)) / 2;
            var bits = BitConverter.DoubleToInt64Bits(midpoint) + r.Next(-2_000, 2_001) / r.Next(1, 2_000);
            return BitConverter.Int64BitsToDouble(bits).ToString(r.Next(2) == 0 ? "R" : "F" + r.Next(10, 26), Invariant);
        }));

    [Fact]
    public void ReadFloat32_EachLengthAndExponentAmongOthers_GivesTheFrameworksBits() =>
        AgreeOnFloat32(Random(9, 400_000, r =>
        {
            var whole = r.Next(3) == 0 ? "0" : r.NextInt64(1L << r.Next(1, 62)).ToString(Invariant);
            var fraction = r.Next(6) == 0 ? "" : "." + new string('0', r.Next(4)) + r.NextInt64(1L << r.Next(1, 62)).ToString(Invariant);
            var exponent = r.Next(3) > 0 ? "" : (r.Next(2) == 0 ? "e" : "E") + r.Next(3) switch
            {
                0 => r.Next(-30, 15).ToString(Invariant),
                1 => "-0" + r.Next(1, 40).ToString(Invariant),
                _ => "-" + r.Next(1, 400).ToString(Invariant),
            };
            return (r.Next(2) == 0 ? "-" : "") + whole + fraction + exponent;
        }));

    [Theory]
    [InlineData("1e-45")]
    [InlineData("0.7006492321624085e-45")]
    [InlineData("0.7006492321624086e-45")]
    [InlineData("1.17549435e-38")]
    [InlineData("1.1754943508222875e-38")]
    [InlineData("1.1754942807573643e-38")]
    [InlineData("3.4028235e38")]
    [InlineData("3.4028235677973366e38")]
    [InlineData("1e-400")]
    [InlineData("0e999999")]
    [InlineData("0.0e-999999")]
    [InlineData("0e0")]
    [InlineData("123456789e-99999999999")]
    public void Read_EdgesOfTheRange_GivesTheFrameworksBits(string number)
    {
        AgreeOnFloat32([number, "-" + number]);
        AgreeOnFloat64([number, "-" + number]);
    }

    [Theory]
    [InlineData("2.2250738585072014e-308")]
    [InlineData("2.2250738585072011e-308")]
    [InlineData("4.9406564584124654e-324")]
    [InlineData("2.4703282292062327e-324")]
    [InlineData("2.4703282292062328e-324")]
    [InlineData("1.7976931348623157e308")]
    [InlineData("1.7976931348623158e308")]
    public void ReadFloat64_EdgesOfTheRange_GivesTheFrameworksBits(string number) =>
        AgreeOnFloat64([number, "-" + number]);

    [Theory]
    [InlineData("3.4028236e38")]
    [InlineData("3.4028235677973367e38")]
    [InlineData("340282366920938463463374607431768211456")]
    [InlineData("1e39")]
    [InlineData("1e308")]
    public void ReadFloat32_BeyondItsRange_IsDeclinedButFitsFloat64(string number)
    {
        Assert.Null(PaddedBody.ReadOne<Float32Element>(number));
        Assert.Null(PaddedBody.ReadOne<Float32Element>("-" + number));
        AgreeOnFloat64([number]);
    }

    [Theory]
    [InlineData("1.7976931348623159e308")]
    [InlineData("1e309")]
    [InlineData("99999e400")]
    public void ReadFloat64_BeyondItsRange_IsDeclined(string number) =>
        Assert.Null(PaddedBody.ReadOne<Float64Element>(number));

    [Theory]
    [InlineData(20)]
    [InlineData(100)]
    [InlineData(800)]
    [InlineData(100_000)]
    public void Read_LongDigitStrings_AreRoundedOnce(int digits)
    {
        var fraction = string.Concat(Enumerable.Repeat("1415926535897932", digits))[..digits];
        var tie = "1.00000005960464477539062500"; // 1 + 2^-24
        string[] numbers = ["3." + fraction, "-0." + fraction, fraction + "e-" + digits, tie.PadRight(digits, '0'),
            tie.PadRight(digits, '0') + "1"];
        AgreeOnFloat32(numbers);
        AgreeOnFloat64(numbers);
    }

    private static void AgreeOnFloat32(IEnumerable<string> numbers) =>
        Agree<Float32Element,
            uint>(numbers, e => BitConverter.SingleToUInt32Bits(e.Value), n => BitConverter.SingleToUInt32Bits(float.Parse(n, Invariant)));

    private static void AgreeOnFloat64(IEnumerable<string> numbers) =>
        Agree<Float64Element,
            ulong>(numbers, e => BitConverter.DoubleToUInt64Bits(e.Value), n =>
            BitConverter.DoubleToUInt64Bits(double.Parse(n, Invariant)));

    private static void Agree<TElement, TBits>(IEnumerable<string> numbers, Func<TElement, TBits> actual, Func<string, TBits> expected)
        where TElement : unmanaged, INumberElement<TElement>
    {
        string[] texts = [.. numbers];
        using var body = new PaddedBody(new StringBuilder("[").AppendJoin(',', texts).Append(']').ToString());
        var read = body.Read<TElement>();
        Assert.NotNull(read);
        Assert.Equal(texts.Length, read.Value.Elements.Length);
        for (var i = 0; i < texts.Length; i++)
        {
            if (!actual(read.Value.Elements[i])!.Equals(expected(texts[i]))) Assert.Fail($"{texts[i]} became {read.Value.Elements[i]}");
        }
    }

    private static T[] Random<T>(int seed, int count, Func<Random, T> make)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => make(random))];
    }

    private static float Finite(uint bits) =>
        BitConverter.UInt32BitsToSingle(bits) is var value && float.IsFinite(value) ? value
            : BitConverter.UInt32BitsToSingle(bits ^ (1u << 30));

    private static double Finite(long bits) =>
        BitConverter.Int64BitsToDouble(bits) is var value && double.IsFinite(value) ? value
            : BitConverter.Int64BitsToDouble(bits ^ (1L << 62));

    // a value as an integer times 10^-1100, which is exact for every float64
    private const int Places = 1100;

    private static BigInteger Exact(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)(bits >> 52);
        BigInteger significand = (bits & ((1L << 52) - 1)) | (exponent == 0 ? 0 : 1L << 52);
        return (significand * BigInteger.Pow(10, Places) << Math.Max(exponent, 1)) >> 1075;
    }

    // the midpoint in full, and the same with its last place one less or more
    private static IEnumerable<string> Beside(BigInteger low, BigInteger high)
    {
        var middle = (low + high) / 2;
        foreach (var exact in new[] { middle - 1, middle, middle + 1 })
        {
            var digits = exact.ToString(Invariant).PadLeft(Places + 1, '0');
            yield return $"{digits[..^Places]}.{digits[^Places..]}";
            yield return $"{digits.TrimStart('0')}e-{Places}";
        }
    }
}
