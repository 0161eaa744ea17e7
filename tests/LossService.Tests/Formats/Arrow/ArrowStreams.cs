using System.Buffers.Binary;

namespace LossService.Tests.Formats.Arrow;

/// <summary>Streams of Arrow taken apart as bytes.</summary>
internal static class ArrowStreams
{
    /// <summary>The first message of a stream, its schema.</summary>
    public static byte[] Schema(byte[] stream) => stream[..(8 + BinaryPrimitives.ReadInt32LittleEndian(stream.AsSpan(4)))];

    /// <summary>A stream with a schema and nothing else.</summary>
    public static byte[] WithoutBatches(byte[] stream) => [.. Schema(stream), 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];
}
