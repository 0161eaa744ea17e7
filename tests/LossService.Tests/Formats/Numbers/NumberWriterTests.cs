using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using LossService.Formats.Numbers;

namespace LossService.Tests.Formats.Numbers;

/// <summary>
/// What is written reads back as the same bits, with the framework's shortest digits, as a JSON number.
/// </summary>
public sealed class NumberWriterTests
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    [Fact]
    public void WriteFloat32_RandomBits_IsShortestAndReadsBack()
    {
        var random = new Random(11);
        var values = new float[2_000_000];
        random.NextBytes(MemoryMarshal.AsBytes(values.AsSpan()));
        WritingLaw.Check(values);
    }

    [Fact]
    public void WriteFloat32_OrdinaryMagnitudes_IsShortestAndReadsBack()
    {
        var random = new Random(12);
        WritingLaw.Check([.. Enumerable.Range(0, 200_000)
            .Select(_ => (float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-9, 20))))]);
    }

    [Fact]
    public void WriteFloat32_PowersOfTwoAndTenAndTheirNeighbours_IsShortestAndReadsBack()
    {
        var powers = Enumerable.Range(-149, 277).Select(i => MathF.ScaleB(1, i))
            .Concat(Enumerable.Range(-45, 84).Select(i => float.Parse($"1e{i}", Invariant)));
        WritingLaw.Check([.. powers.SelectMany(p => new[] { p, float.BitIncrement(p), float.BitDecrement(p), -p })]);
    }

    [Fact]
    public void WriteFloat32_LeastAndGreatestNumbers_IsShortestAndReadsBack() =>
        WritingLaw.Check([
            .. Enumerable.Range(1, 5_000).Select(i => BitConverter.Int32BitsToSingle(i)),
            .. Enumerable.Range(0x800000 - 1_000, 2_000).Select(i => BitConverter.Int32BitsToSingle(i)),
            .. Enumerable.Range(0x7F800000 - 1_000, 1_000).Select(i => BitConverter.Int32BitsToSingle(i))]);

    [Fact]
    public void WriteFloat32_ExactTies_IsShortestAndReadsBack() =>
        // halfway between two decimals of as many digits as are needed: 2097152.25, 1048576.125, 67108876
        WritingLaw.Check([
            .. Enumerable.Range(0, 20_000).Select(i => 2_097_152 + i * 0.25f),
            .. Enumerable.Range(0, 20_000).Select(i => 1_048_576 + i * 0.125f),
            .. Enumerable.Range(24, 40).SelectMany(e => Enumerable.Range(0, 500).Select(i => MathF.ScaleB((1 << 23) + i, e - 23)))]);

    [Fact]
    public void WriteFloat32_SpecialNumbersAmongOthers_AreWrittenAsAlone()
    {
        float[] kinds =
        [
            0, -0f, 1, -1, 0.5f, MathF.ScaleB(1, -60), float.Epsilon, 1e-40f, float.NaN, float.PositiveInfinity, float.NegativeInfinity,
            2_097_152.25f, 0.1f, -3.4e38f,
        ];
        var random = new Random(16);
        for (var count = 0; count < 40; count++)
            for (var i = 0; i < 500; i++) WritingLaw.Check([.. Enumerable.Range(0, count).Select(_ => kinds[random.Next(kinds.Length)])]);
    }

    [Fact]
    public void WriteFloat32_Integers_HaveNoPointOrExponent()
    {
        for (var i = 0; i < 20_000; i++) Assert.Equal(i.ToString(Invariant), Text((float)i));
        Assert.Equal("16777216", Text(16777216f));
        Assert.Equal("1000000000000000", Text(1e15f));
    }

    [Fact]
    public void WriteFloat64_RandomBits_IsShortestAndReadsBack()
    {
        var random = new Random(13);
        var values = new double[500_000];
        random.NextBytes(MemoryMarshal.AsBytes(values.AsSpan()));
        WritingLaw.Check(values);
    }

    [Fact]
    public void WriteFloat64_OrdinaryMagnitudes_IsShortestAndReadsBack()
    {
        var random = new Random(14);
        WritingLaw.Check([.. Enumerable.Range(0, 200_000).Select(_ => (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-9, 20)))]);
        WritingLaw.Check([.. Enumerable.Range(0, 200_000)
            .Select(_ => random.NextInt64(1L << random.Next(1, 40)) / Math.Pow(10, random.Next(0, 12)))]);
    }

    [Fact]
    public void WriteFloat64_PowersOfTwoAndTenAndTheirNeighbours_IsShortestAndReadsBack()
    {
        var powers = Enumerable.Range(-1074, 2098).Select(i => Math.ScaleB(1, i))
            .Concat(Enumerable.Range(-323, 632).Select(i => double.Parse($"1e{i}", Invariant)));
        WritingLaw.Check([.. powers.SelectMany(p => new[] { p, double.BitIncrement(p), double.BitDecrement(p), -p })]);
    }

    [Fact]
    public void WriteFloat64_LeastAndGreatestNumbers_IsShortestAndReadsBack() =>
        WritingLaw.Check([
            .. Enumerable.Range(1, 5_000).Select(i => BitConverter.Int64BitsToDouble(i)),
            .. Enumerable.Range(-1_000, 2_000).Select(i => BitConverter.Int64BitsToDouble((1L << 52) + i)),
            .. Enumerable.Range(1, 1_000).Select(i => BitConverter.Int64BitsToDouble((2047L << 52) - i))]);

    [Theory]
    [InlineData(0.0, "0")]
    [InlineData(-0.0, "-0")]
    [InlineData(1.0, "1")]
    [InlineData(-1.5, "-1.5")]
    [InlineData(0.1, "0.1")]
    [InlineData(0.00001, "0.00001")]
    [InlineData(0.0000012, "1.2e-6")]
    [InlineData(1e16, "1e16")]
    [InlineData(2.5e20, "2.5e20")]
    [InlineData(1234567, "1234567")]
    [InlineData(double.NaN, "\"NaN\"")]
    [InlineData(double.PositiveInfinity, "\"Infinity\"")]
    [InlineData(double.NegativeInfinity, "\"-Infinity\"")]
    public void Write_EachForm_LooksTheSameInBothWidths(double value, string expected)
    {
        Assert.Equal(expected, Text(value));
        Assert.Equal(expected, Text((float)value));
    }

    [Fact]
    public void WriteInt64_AnyMagnitude_IsTheFrameworksText()
    {
        var random = new Random(15);
        long[] values =
        [
            0, long.MaxValue, long.MinValue, long.MinValue + 1,
            .. Enumerable.Range(0, 19).SelectMany(i => new[] { (long)Math.Pow(10, i) - 1, (long)Math.Pow(10, i), -(long)Math.Pow(10, i) }),
            .. Enumerable.Range(0, 100_000).Select(_ => random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64)),
        ];
        foreach (var value in values) Assert.Equal(value.ToString(Invariant), Text(value));
    }

    private static unsafe string Text(float value)
    {
        var text = stackalloc byte[NumberWriter.Room];
        return Encoding.UTF8.GetString(text, NumberWriter.Write(value, text));
    }

    private static unsafe string Text(double value)
    {
        var text = stackalloc byte[NumberWriter.Room];
        return Encoding.UTF8.GetString(text, NumberWriter.Write(value, text));
    }

    private static unsafe string Text(long value)
    {
        var text = stackalloc byte[NumberWriter.Room];
        return Encoding.UTF8.GetString(text, NumberWriter.Write(value, text));
    }
}
