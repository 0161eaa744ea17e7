using System.Text;
using LossService.Core.Tensors;
using LossService.Formats.Numbers;

namespace LossService.Tests.Formats.Numbers;

/// <summary>What is read of a body that arrives in pieces is what one reading of the whole finds.</summary>
public sealed unsafe class ReadAheadTests
{
    private const string Numbers = "-1.25, 0.1 ,3e-7,12345678,0.30000001";

    public static TheoryData<string> Arrays => new()
    {
        $"[[{Numbers}],[{Numbers}], [{Numbers}]]", $"[ [ [{Numbers}],\n[{Numbers}] ],[[{Numbers}],[{Numbers}]]]", $"[{Numbers},{Numbers}]",
        $"[ {Numbers} , 7 ]",
    };

    [Theory]
    [MemberData(nameof(Arrays))]
    public void Advance_EachByteAlone_ReadsAllButTheLastRowOrNumber(string array)
    {
        var text = Encoding.ASCII.GetBytes($"{{\"id\":\"[[1\",\"logits\" : {array},\"labels\":[1,2]}}");
        var start = Array.IndexOf(text, (byte)'[', Array.IndexOf(text, (byte)':', 10));
        using var arriving = new ArrivingBody(text, (byte)'9');
        using var ahead = new ReadAhead(["logits"], new(long.MaxValue));
        while (!arriving.IsWhole)
        {
            arriving.Append(1);
            while (ahead.Advance(arriving.Body, text.Length)) { }
        }

        using var whole = new PaddedBody(array);
        var expected = whole.Read<Float32Element>()!.Value;
        Assert.Null(ahead.Take(arriving.Body.Start + start, DType.Float64));
        using var read = ahead.Take(arriving.Body.Start + start, DType.Float32)!;
        var last = expected.Array.Shape.Length == 1 ? 1 : expected.Array.Shape[^1];
        Assert.InRange((long)read.Part.Count, expected.Array.Count - last, expected.Array.Count);
        Assert.True(NumberArrayReader.TryFinish<Float32Element>(
            read.Part, arriving.Body.Start + start, arriving.Body.Start + text.Length, read.Elements, out var found));
        Assert.Equal(expected.Array.Shape, found.Shape);
        Assert.Equal(array.Length, found.Length);
        Assert.Equal(
            expected.Elements.Select(element => element.Value), new ReadOnlySpan<float>(read.Elements.Address, (int)found.Count).ToArray());
    }

    [Theory]
    [InlineData("\"dtype\":\"float64\",\"logits\":[[1,2],[3,4],[5,6]]", DType.Float64)]
    [InlineData("\"logits\":[[1,2],[3,4],[5,6]],\"dtype\":\"float64\"", DType.Float32)]
    public void Advance_DTypeBefore_IsReadAsIt(string members, DType dtype)
    {
        var text = Encoding.ASCII.GetBytes($"{{{members}}}");
        using var arriving = new ArrivingBody(text, (byte)' ');
        arriving.Append(text.Length);
        using var ahead = new ReadAhead(["logits"], new(long.MaxValue));
        while (ahead.Advance(arriving.Body, text.Length)) { }
        using var read = ahead.Take(arriving.Body.Start + Array.IndexOf(text, (byte)'['), dtype);
        Assert.NotNull(read);
    }

    [Theory]
    [InlineData(1000, 501)]
    [InlineData(300, 0)]
    public void Advance_LittleMemoryFree_ReadsNothing(long limit, long used)
    {
        var text = "{\"logits\":[[1,2],[3,4]]}"u8.ToArray();
        using var arriving = new ArrivingBody(text, (byte)' ');
        arriving.Append(text.Length);
        var memory = new MemoryBudget(limit);
        memory.Take(used);
        using var ahead = new ReadAhead(["logits"], memory);
        Assert.False(ahead.Advance(arriving.Body, text.Length));
        Assert.Null(ahead.Take(arriving.Body.Start + Array.IndexOf(text, (byte)'['), DType.Float32));
    }

    [Fact]
    public void Advance_BodyThatMoves_DropsWhatItRead()
    {
        var text = "{\"logits\":[[1,2],[3,4],[5,6]]}"u8.ToArray();
        using var body = new LossService.Http.RequestBody(text.Length - 4);
        body.Append(text.AsSpan(0, text.Length - 4));
        using var ahead = new ReadAhead(["logits"], new(long.MaxValue));
        while (ahead.Advance(body, text.Length)) { }
        body.Append(text.AsSpan(text.Length - 4));
        Assert.False(ahead.Advance(body, text.Length));
        Assert.Null(ahead.Take(body.Start + Array.IndexOf(text, (byte)'['), DType.Float32));
    }
}
