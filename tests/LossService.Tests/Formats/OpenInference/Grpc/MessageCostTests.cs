using System.Buffers;
using System.IO.Compression;
using Google.Protobuf;
using LossService.Formats.OpenInference.Grpc;

namespace LossService.Tests.Formats.OpenInference.Grpc;

/// <summary>The memory that is taken for a message is never less than its parsing allocates.</summary>
public sealed class MessageCostTests
{
    private const int Count = 20_000;

    private const int ExceptionBytes = 4096;

    /// <summary>A message's field, of whatever takes the most memory a byte.</summary>
    private static readonly Dictionary<string, byte[]> Messages = new()
    {
        ["empty inputs"] = Repeat([0x2a, 0]),
        ["empty outputs"] = Repeat([0x32, 0]),
        ["empty raw contents"] = Repeat([0x3a, 0]),
        ["raw contents of one byte"] = Repeat([0x3a, 1, 7]),
        ["one raw contents"] = Field(0x3a, new byte[Count]),
        ["parameters without a value"] = Entries(0x22, i => []),
        ["parameters"] = Entries(0x22, i => [0x12, 2, 0x10, 1]),
        ["parameters of text"] = Entries(0x22, i => [0x12, 3, 0x1a, 1, (byte)'x']),
        ["parameters of an input"] = Field(0x2a, Entries(0x22, i => [0x12, 2, 0x10, 1])),
        ["a long name"] = Field(0x0a, Enumerable.Repeat((byte)'x', Count).ToArray()),
        ["unknown numbers"] = Repeat([0x78, 1]),
        ["unknown numbers of many fields"] = [.. Enumerable.Range(100, Count).SelectMany(i => (byte[])[.. Varint((uint)i << 3), 1])],
        ["unknown bytes"] = Repeat([0x7a, 1, 1]),
        ["unknown bytes of many fields"] = [.. Enumerable.Range(100, Count).SelectMany(i => (byte[])[.. Varint((uint)i << 3 | 2), 1, 1])],
        ["unknown groups"] = Repeat([0x7b, 0x7c]),
        ["unknown in a parameter"] = Field(0x22, [0x0a, 1, (byte)'a', .. Field(0x12, Repeat([0x78, 1]))]),
        ["shape"] = Field(0x2a, Field(0x1a, new byte[Count])),
        ["shape, not packed"] = Field(0x2a, Repeat([0x18, 1])),
        ["bools"] = Contents(0x0a),
        ["int32"] = Contents(0x12),
        ["int64"] = Contents(0x1a),
        ["int64, not packed"] = Field(0x2a, Field(0x2a, Repeat([0x18, 1]))),
        ["uint32"] = Contents(0x22),
        ["uint64"] = Contents(0x2a),
        ["float32"] = Contents(0x32),
        ["float64"] = Contents(0x3a),
        ["float64, not packed"] = Field(0x2a, Field(0x2a, Repeat([0x39, 0, 0, 0, 0, 0, 0, 0, 0]))),
        ["bytes"] = Field(0x2a, Field(0x2a, Repeat([0x42, 1, 1]))),
        ["nothing"] = [],
        ["no message"] = [0xff, 0xff, 0xff],
        ["cut"] = [.. Repeat([0x2a, 0]), 0x2a, 5],
    };

    public static TheoryData<string> Names => [.. Messages.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Memory_OfAnyMessage_IsAtLeastWhatParsingAllocates(string name)
    {
        var message = Messages[name];
        var (length, memory) = Measure(message);
        if (name is not ("no message" or "cut")) Assert.Equal(message.Length, length);
        Parse(message);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Parse(message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, memory + ExceptionBytes);
    }

    /// <summary>What is received in pieces is measured as a whole.</summary>
    [Theory, MemberData(nameof(Names))]
    public void Memory_OfPieces_IsThatOfTheWhole(string name)
    {
        var message = Messages[name];
        var first = new Piece(message.AsMemory(0, message.Length / 3), 0);
        var last = first.Append(message.AsMemory(message.Length / 3));
        Assert.Equal(Measure(message), Measure(new(first, 0, last, last.Memory.Length), null));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public void Memory_OfACompressedMessage_IsThatOfTheUnpackedOneAndMore(string encoding)
    {
        var message = Messages["int64"];
        using var packed = new MemoryStream();
        using (Stream packer = encoding == "gzip" ? new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)
            : new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true)) packer.Write(message);
        var (length, memory) = Measure(new(packed.ToArray()), encoding);
        Assert.Equal(message.Length, length);
        Assert.InRange(memory, Measure(message).Memory + message.Length, long.MaxValue);
    }

    /// <summary>A few bytes become 64 MB: reading stops at the limit.</summary>
    [Fact]
    public void Length_OfACompressedMessageOverTheLimit_IsOverTheLimit()
    {
        using var packed = new MemoryStream();
        using (var packer = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            packer.Write([.. Varint(0x3a), .. Varint(64 << 20), .. new byte[64 << 20]]);
        var (length, _) = MessageCost.Measure(new(packed.ToArray()), "gzip", ModelInferRequest.Descriptor, (1 << 20, long.MaxValue));
        Assert.InRange(length, (1 << 20) + 1, (1 << 20) + 32 * 1024);
    }

    private static (long Length, long Memory) Measure(byte[] message) => Measure(new(message), null);

    private static (long Length, long Memory) Measure(ReadOnlySequence<byte> message, string? encoding) =>
        MessageCost.Measure(message, encoding, ModelInferRequest.Descriptor, (1 << 30, long.MaxValue));

    private static void Parse(byte[] message)
    {
        try
        {
            ModelInferRequest.Parser.ParseFrom(new ReadOnlySequence<byte>(message));
        }
        catch (InvalidProtocolBufferException)
        {
        }
    }

    private static byte[] Contents(byte tag) => Field(0x2a, Field(0x2a, Field(tag, new byte[Count])));

    private static byte[] Repeat(byte[] field) => [.. Enumerable.Repeat(field, Count).SelectMany(part => part)];

    private static byte[] Entries(byte tag, Func<int, byte[]> value) => [.. Enumerable.Range(0, Count).SelectMany(i =>
        Field(tag, [.. Field(0x0a, System.Text.Encoding.ASCII.GetBytes($"{i}")), .. value(i)]))];

    private static byte[] Field(byte tag, byte[] content) => [tag, .. Varint((uint)content.Length), .. content];

    private static byte[] Varint(uint value)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true)) output.WriteUInt32(value);
        return bytes.ToArray();
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

        public Piece Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Piece(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
