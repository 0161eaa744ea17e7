using System.Globalization;
using System.Text;
using LossService.Formats.Numbers;

namespace LossService.Tests.Formats.Numbers;

public sealed class NumberArrayReaderTests
{
    private const string Nested = "[[[1,2.5],[-3e2,4]],[[5,6],[7,-0.0]],[[9,10],[11,12]]]";

    [Fact]
    public void Read_NestedArray_GivesShapeAndRowMajorElements()
    {
        using var body = new PaddedBody(Nested);
        var (array, elements) = body.Read<Float32Element>()!.Value;
        Assert.Equal([3, 2, 2], array.Shape);
        Assert.Equal(12, array.Count);
        Assert.Equal(Nested.Length, array.Length);
        Assert.Equal([1f, 2.5f, -300f, 4f, 5f, 6f, 7f, -0f, 9f, 10f, 11f, 12f], elements.Select(e => e.Value));
        Assert.True(float.IsNegative(elements[7].Value));
    }

    [Fact]
    public void Read_WhiteSpaceAnywhere_ChangesNothing()
    {
        string[] spaces = [" ", "\n", "\r\n", "\t", "\n          ", new(' ', 100)];
        using var plain = new PaddedBody(Nested);
        var expected = plain.Read<Float64Element>()!.Value;
        foreach (var space in spaces)
        {
            var text = Nested.Replace("[", $"{space}[{space}", StringComparison.Ordinal)
                .Replace(",", $"{space},{space}", StringComparison.Ordinal)
                .Replace("]", $"{space}]", StringComparison.Ordinal);
            using var body = new PaddedBody(text);
            var (array, elements) = body.Read<Float64Element>()!.Value;
            Assert.Equal(expected.Array.Shape, array.Shape);
            Assert.Equal(expected.Elements, elements);
            Assert.Equal(text.Length, array.Length);
        }
    }

    [Theory]
    [InlineData(7, 3)]
    [InlineData(1, 40)]
    [InlineData(40, 1)]
    [InlineData(40)]
    [InlineData(1)]
    [InlineData(5, 1, 6)]
    [InlineData(3, 4, 5)]
    [InlineData(2, 3, 2, 3, 2)]
    public void Read_InParts_GivesWhatOneReaderGives(params int[] shape)
    {
        var next = 0;
        using var body = new PaddedBody(Array(0) + " ,\"labels\":[[1],[2]]}");
        var expected = body.Read<Int64Element>()!.Value;
        Assert.Equal(shape, expected.Array.Shape);
        for (var parts = 2; parts < 20; parts++)
        {
            var (array, elements) = body.Read<Int64Element>(parts)!.Value;
            Assert.Equal(expected.Array.Shape, array.Shape);
            Assert.Equal(expected.Array.Count, array.Count);
            Assert.Equal(expected.Array.Length, array.Length);
            Assert.Equal(expected.Elements, elements);
        }
        string Array(int axis) => axis == shape.Length
            ? $"{next++ * 37}"
            : $"[{string.Join(axis == 0 ? ",\n" : ",", Enumerable.Range(0, shape[axis]).Select(_ => Array(axis + 1)))}]";
    }

    [Theory]
    [InlineData("[1,2,3,4,5,6")]
    [InlineData("[1,2,,3,4,5]")]
    [InlineData("[1,2,3,4,5,]")]
    [InlineData("[1,2,3],4,5,6,7,8]")]
    [InlineData("[1,2,3,[4],5,6]")]
    [InlineData("[1, 2, 3, 4, 5, 6 ]")]
    [InlineData("[[[1,2],[3,4]],[[5,6]]]")]
    [InlineData("[[[1,2]],[[3,4],[5,6]]]")]
    [InlineData("[[[1,2],[3,4]],[[5,6],[7]]]")]
    [InlineData("[[[1],[3]],[[5,6],[7,8]]]")]
    [InlineData("[[[1,2],[3,4]],[5,6],[7,8]]")]
    [InlineData("[[[1,2],[3,4]],[[5,6],[7,8]]")]
    [InlineData("[[[1,2],[3,4]],[[5,6],[7,8]]],[[9,9],[9,9]]]]")]
    [InlineData("[[1,2],[3,4]],[[5,6],[7,8]]]")]
    public void Read_InPartsThatDoNotFit_DecidesAsOneReaderDoes(string text)
    {
        using var body = new PaddedBody(text);
        var alone = body.Read<Float32Element>();
        for (var parts = 2; parts < 20; parts++)
        {
            var shared = body.Read<Float32Element>(parts);
            Assert.Equal(alone?.Array.Length, shared?.Array.Length);
            Assert.Equal(alone?.Array.Shape, shared?.Array.Shape);
            Assert.Equal(alone?.Elements, shared?.Elements);
        }
    }

    [Fact]
    public void Read_EveryTruncation_IsDeclinedWhateverFollows()
    {
        for (var length = 0; length < Nested.Length; length++)
        {
            foreach (var slack in "7]. ,[-e0\0\n")
            {
                using var body = new PaddedBody(Nested[..length], (byte)slack);
                Assert.Null(body.Read<Float32Element>());
            }
        }
    }

    [Fact]
    public void Read_TextBehindTheArray_IsLeftAlone()
    {
        using var body = new PaddedBody("  [[1],[2]] , \"labels\": [3]}");
        Assert.Equal(11, body.Read<Int64Element>()!.Value.Array.Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    public void Read_UpToEightAxes_GivesThemAll(int rank)
    {
        using var body = new PaddedBody(new string('[', rank) + "1,2,3" + new string(']', rank));
        Assert.Equal([.. Enumerable.Repeat(1, rank - 1), 3], body.Read<Int64Element>()!.Value.Array.Shape);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("[]")]
    [InlineData("[[]]")]
    [InlineData("[[],[]]")]
    [InlineData("[1,]")]
    [InlineData("[,1]")]
    [InlineData("[1,,2]")]
    [InlineData("[1 2]")]
    [InlineData("[1}")]
    [InlineData("[1;2]")]
    [InlineData("{\"a\":1}")]
    [InlineData("[[1,2],[3]]")]
    [InlineData("[[1],[2,3]]")]
    [InlineData("[[1],2]")]
    [InlineData("[1,[2]]")]
    [InlineData("[[[1]],[2]]")]
    [InlineData("[[1],[[2]]]")]
    [InlineData("[[1],]")]
    [InlineData("[[1][2]]")]
    [InlineData("[[1],[]]")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]")]
    [InlineData("[1\v]")]
    [InlineData("[1,\u00a02]")]
    [InlineData("[1/**/]")]
    public void Read_NoRectangularArray_IsDeclined(string text)
    {
        using var body = new PaddedBody(text);
        Assert.Null(body.Read<Float32Element>());
        Assert.Null(body.Read<Int64Element>());
    }

    [Theory]
    [InlineData("+1")]
    [InlineData(".5")]
    [InlineData("-.5")]
    [InlineData("01")]
    [InlineData("-01")]
    [InlineData("00")]
    [InlineData("00.5")]
    [InlineData("1.")]
    [InlineData("1.e5")]
    [InlineData("1.e-5")]
    [InlineData("-1.e-5")]
    [InlineData(".5e-3")]
    [InlineData("e-5")]
    [InlineData("-e-5")]
    [InlineData("-")]
    [InlineData("--1")]
    [InlineData("- 1")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("1e+-2")]
    [InlineData("1e1.5")]
    [InlineData("1e2e3")]
    [InlineData("1.2.3")]
    [InlineData("1-2")]
    [InlineData("1_000")]
    [InlineData("0x10")]
    [InlineData("1f")]
    [InlineData("٣")]
    [InlineData("nan")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("-Infinity")]
    [InlineData("\"NaN\"")]
    [InlineData("\"1\"")]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("{}")]
    [InlineData("1e400")]
    [InlineData("-1e400")]
    [InlineData("1e99999999999999999999")]
    public void Read_BadNumber_IsDeclinedAtEveryPlace(string number)
    {
        // a long row has runs of numbers
        var ones = string.Concat(Enumerable.Repeat("1,", 40));
        string[] texts =
            [$"[{number}]", $"[1,{number}]", $"[{number},1]", $"[{number} ]", $"[[1,2],[{number},3]]", $"[{ones}{number},{ones}1]"];
        foreach (var text in texts)
        {
            using var body = new PaddedBody(text);
            Assert.Null(body.Read<Float32Element>());
            Assert.Null(body.Read<Float64Element>());
            Assert.Null(body.Read<Int64Element>());
        }
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("-0", 0)]
    [InlineData("7", 7)]
    [InlineData("-100", -100)]
    [InlineData("9999999999999999", 9_999_999_999_999_999)]
    [InlineData("12345678901234567", 12_345_678_901_234_567)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("-9223372036854775808", long.MinValue)]
    public void ReadInteger_ThatFits_IsExact(string number, long expected) =>
        Assert.Equal(expected, PaddedBody.ReadOne<Int64Element>(number)?.Value);

    [Theory]
    [InlineData("1.0")]
    [InlineData("1e0")]
    [InlineData("1E2")]
    [InlineData("-0.0")]
    [InlineData("9223372036854775808")]
    [InlineData("-9223372036854775809")]
    [InlineData("18446744073709551616")]
    [InlineData("18446744073709551617")]
    [InlineData("100000000000000000000000000000000000000000")]
    public void ReadInteger_WithFractionExponentOrOverflow_IsDeclined(string number) =>
        Assert.Null(PaddedBody.ReadOne<Int64Element>(number));

    [Fact]
    public void Read_EveryCountOfDigitsAndPlaceOfPoint_ConvertsLikeTheFramework()
    {
        const string Digits = "9182736455463728190918273645546372819091827364";
        for (var count = 1; count <= Digits.Length; count++)
        {
            for (var point = 1; point <= count; point++)
            {
                var number = point == count ? Digits[..count] : $"{Digits[..point]}.{Digits[point..count]}";
                foreach (var text in new[] { number, $"-{number}", $"0.000{Digits[..count]}", $"{number}e-7", $"{number}E+12" })
                {
                    var expected = double.Parse(text, CultureInfo.InvariantCulture);
                    Assert.Equal(expected, PaddedBody.ReadOne<Float64Element>(text)?.Value);
                    var narrow = float.Parse(text, CultureInfo.InvariantCulture);
                    Assert.Equal(float.IsFinite(narrow) ? narrow : null, PaddedBody.ReadOne<Float32Element>(text)?.Value);
                }
            }
        }
    }

    [Fact]
    public void Read_RowsLongerThanAnyFirstGuess_GrowTheBuffer()
    {
        int[] expected = [.. Enumerable.Range(0, 100_000)];
        var text = new StringBuilder("[").AppendJoin(',', expected).Append(']');
        using var body = new PaddedBody(text.ToString());
        Assert.Equal(expected, body.Read<Int64Element>()!.Value.Elements.Select(e => (int)e.Value));
    }
}
