using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using Google.Protobuf.Reflection;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>
/// The managed memory that a message takes when it is parsed, found before it is parsed: a number of one byte becomes one of eight, an
/// empty input takes two bytes of the message and hundreds of memory, and a compressed message may be a thousand times as long.
/// </summary>
internal static class MessageCost
{
    /// <summary>The most that an object takes: a message, an entry of a map, a field that the message's type does not have.</summary>
    private const int ObjectBytes = 512;

    private const int ReferenceBytes = 8, ByteStringBytes = 72;

    // a list doubles while it grows, and the old one lives beside the new one
    private const int Growth = 4;

    /// <summary>Measures a message.</summary>
    /// <param name="message">The bytes of the message.</param>
    /// <param name="encoding">Its compression; null where there is none.</param>
    /// <param name="type">The type of the message.</param>
    /// <param name="most">The most bytes after decompression, and the most memory; what is beyond either is not read.</param>
    /// <returns>The length after decompression, and the memory. Of a message that cannot be parsed, those of its good part.</returns>
    public static (long Length, long Memory) Measure(
        ReadOnlySequence<byte> message, string? encoding, MessageDescriptor type, (long Length, long Memory) most)
    {
        if (message.IsEmpty) return (0, ObjectBytes);
        using var posted = PipeReader.Create(message).AsStream();
        using var stream = Decompress(posted, encoding);
        if (stream is null) return (0, 0);
        var reader = new WireReader(stream, most.Length);
        var memory = 0L;
        try
        {
            Add(reader, type, long.MaxValue, ref memory, most.Memory);
        }
        catch (InvalidDataException)
        {
            // not of its compression: the framework says so
        }
        // the framework unpacks a message to a list of bytes
        return (reader.Position, encoding is null ? memory : memory + Growth * reader.Position);
    }

    /// <returns>Null for a compression that the framework refuses.</returns>
    private static Stream? Decompress(Stream posted, string? encoding) => encoding switch
    {
        null => posted,
        "gzip" => new GZipStream(posted, CompressionMode.Decompress),
        "deflate" => new ZLibStream(posted, CompressionMode.Decompress),
        _ => null,
    };

    /// <summary>Adds the fields up to a position.</summary>
    /// <returns>Whether the message is good so far.</returns>
    private static bool Add(WireReader reader, MessageDescriptor type, long end, ref long memory, long most)
    {
        memory += ObjectBytes;
        while (memory <= most && reader.Position < end && reader.TryReadVarint(out var tag))
        {
            var field = type.FindFieldByNumber((int)(tag >> 3));
            var isGood = (tag & 7) switch
            {
                0 => reader.TryReadVarint(out _) && AddNumber(field, ref memory),
                1 => reader.TrySkip(8, out _) && AddNumber(field, ref memory),
                5 => reader.TrySkip(4, out _) && AddNumber(field, ref memory),
                2 => reader.TryReadVarint(out var length)
                    && AddBytes(reader, field, (long)Math.Min(length, int.MaxValue), end, ref memory, most),
                // the two ends of a group, which only an unknown field has
                3 or 4 => AddNumber(null, ref memory),
                _ => false,
            };
            if (!isGood) return false;
        }
        return reader.Position >= end;
    }

    private static bool AddNumber(FieldDescriptor? field, ref long memory)
    {
        memory += field is { IsRepeated: true } ? Growth * Size(field) : ObjectBytes;
        return true;
    }

    private static bool AddBytes(
        WireReader reader, FieldDescriptor? field, long length, long end, ref long memory, long most)
    {
        if (reader.Position + length > end) return false;
        if (field is { FieldType: FieldType.Message })
        {
            memory += Growth * ReferenceBytes;
            return Add(reader, field.MessageType, reader.Position + length, ref memory, most);
        }
        if (!reader.TrySkip(length, out var varints)) return false;
        memory += field switch
        {
            null => ObjectBytes + length,
            { FieldType: FieldType.String } => ObjectBytes + sizeof(char) * length,
            { FieldType: FieldType.Bytes } => Growth * ReferenceBytes + ByteStringBytes + length,
            { FieldType: FieldType.Float or FieldType.Double } => ObjectBytes + length,
            _ => ObjectBytes + varints * Growth * Size(field),
        };
        return true;
    }

    /// <summary>The bytes of a number in a list.</summary>
    private static int Size(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Bool => 1,
        FieldType.Float or FieldType.Int32 or FieldType.UInt32 or FieldType.Enum => 4,
        _ => 8,
    };
}
