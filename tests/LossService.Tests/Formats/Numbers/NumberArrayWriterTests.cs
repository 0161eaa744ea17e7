using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using LossService.Formats.Numbers;

namespace LossService.Tests.Formats.Numbers;

public sealed class NumberArrayWriterTests
{
    [Theory]
    [InlineData("[3]", "[0,1,2]")]
    [InlineData("[2,3]", "[[0,1,2],[3,4,5]]")]
    [InlineData("[3,1]", "[[0],[1],[2]]")]
    [InlineData("[2,2,2]", "[[[0,1],[2,3]],[[4,5],[6,7]]]")]
    [InlineData("[1,1,1]", "[[[0]]]")]
    [InlineData("[]", "0")]
    public void WriteBlock_SmallTensor_NestsItByShape(string shape, string expected)
    {
        var extents = JsonSerializer.Deserialize<int[]>(shape)!;
        var count = extents.Aggregate(1, (a, b) => a * b);
        Assert.Equal(expected, Text(extents, [.. Enumerable.Range(0, count).Select(i => (float)i)], 0));
        Assert.Equal(expected, Text(extents, [.. Enumerable.Range(0, count).Select(i => (double)i)], 0));
        Assert.Equal(expected, Text(extents, [.. Enumerable.Range(0, count).Select(i => (long)i)], 0));
    }

    [Fact]
    public void WriteBlock_AnyShape_ReadsBackAsTheSameTensor()
    {
        var random = new Random(21);
        for (var i = 0; i < 200; i++)
        {
            int[] shape = [.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => random.Next(1, 5))];
            float[] values = [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => (float)(random.NextDouble() - 0.5))];
            ReadsBack(shape, values, random.Next(100));
        }
    }

    [Theory]
    [InlineData(300, 1000)]
    [InlineData(1, 100_000)]
    [InlineData(100_000, 1)]
    [InlineData(40_000, 7)]
    public void WriteBlock_ManyBlocks_ReadsBackAsTheSameTensor(int rows, int columns)
    {
        var random = new Random(22);
        float[] values = [.. Enumerable.Range(0, rows * columns)
            .Select(_ => (float)(random.NextDouble() * Math.Pow(10, random.Next(-12, 12))))];
        ReadsBack([rows, columns], values, 0);
    }

    [Fact]
    public void WriteBlock_WidestNumbers_StayWithinTheSpan()
    {
        double[] values = [.. Enumerable.Repeat(-0.000012345678901234567, 20_000)];
        Assert.Equal(values, JsonSerializer.Deserialize<double[]>(Text([values.Length], values, 0)));
    }

    [Theory]
    [InlineData(100_000, 1)]
    [InlineData(1, 100_000)]
    [InlineData(100, 1000)]
    [InlineData(5, 7, 11, 13, 17)]
    [InlineData(50_000, 1, 2, 1)]
    public void WriteBlock_OnSeveralCores_WritesWhatOneWrites(params int[] shape)
    {
        // the widest numbers among others, so that parts differ in length and fill their room
        double[] values = [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b))
            .Select(i => i / 10_000 % 2 == 0 ? -0.000012345678901234567 : i)];
        var expected = Text(shape, values, 0);
        for (var cores = 2; cores <= 6; cores++)
        {
            var writer = new NumberArrayWriter(shape);
            var output = new GuardedWriter(cores);
            while (writer.WriteBlock(MemoryMarshal.Cast<double, Float64Element>(values), output, new(cores, 0))) { }
            Assert.Equal(expected, output.Text);
        }
    }

    [Fact]
    public void WriteBlock_AfterTheEnd_WritesNothing()
    {
        var writer = new NumberArrayWriter([2]);
        var output = new GuardedWriter(0);
        Assert.False(writer.WriteBlock([1f, 2f], output));
        Assert.False(writer.WriteBlock([1f, 2f], output));
        Assert.Equal("[1,2]", output.Text);
    }

    [Fact]
    public void WriteBlock_ValuesThatAreNotTheShape_Throws()
    {
        var writer = new NumberArrayWriter([2, 2]);
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.WriteBlock([1f, 2f], new GuardedWriter(0)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NumberArrayWriter([2, 0]));
    }

    private static void ReadsBack(int[] shape, float[] values, int extra)
    {
        var text = Text(shape, values, extra);
        var expected = ReferenceReader.Read<float>(Encoding.UTF8.GetBytes(text), ReferenceReader.Float32);
        Assert.NotNull(expected);
        Assert.Equal(shape, expected.Value.Shape);
        Assert.Equal(values, expected.Value.Elements);

        using var body = new PaddedBody(text);
        var (array, elements) = body.Read<Float32Element>()!.Value;
        Assert.Equal(shape, array.Shape);
        Assert.Equal(values, elements.Select(e => e.Value));
    }

    private static string Text<T>(int[] shape, T[] values, int extra)
    {
        var writer = new NumberArrayWriter(shape);
        var output = new GuardedWriter(extra);
        var more = true;
        while (more)
        {
            more = values switch
            {
                float[] floats => writer.WriteBlock(floats, output),
                double[] doubles => writer.WriteBlock(doubles, output),
                long[] longs => writer.WriteBlock(longs, output),
                _ => throw new NotSupportedException(),
            };
        }
        return output.Text;
    }

    /// <summary>Gives out spans of just the size asked for and some bytes more, and sees that none is overrun.</summary>
    private sealed class GuardedWriter(int extra) : IBufferWriter<byte>
    {
        private const int Guard = 64;
        private const byte Untouched = 0xA5;

        private readonly List<byte> _text = [];
        private byte[] _block = [];

        public string Text => Encoding.UTF8.GetString([.. _text]);

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            Assert.InRange(sizeHint, 64 * 1024, int.MaxValue);
            _block = new byte[sizeHint + extra + Guard];
            _block.AsSpan(^Guard..).Fill(Untouched);
            return _block.AsMemory(..^Guard);
        }

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public void Advance(int count)
        {
            Assert.InRange(count, 0, _block.Length - Guard);
            Assert.False(_block.AsSpan(^Guard..).ContainsAnyExcept(Untouched), "the span was overrun");
            _text.AddRange(_block.AsSpan(0, count));
        }
    }
}
