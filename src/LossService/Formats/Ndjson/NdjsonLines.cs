using System.Buffers;
using System.IO.Pipelines;
using LossService.Http;

namespace LossService.Formats.Ndjson;

/// <summary>
/// The lines of a stream, one after the other, in a buffer that grows to the longest line. A line ends with a line feed; the last
/// one may end with the stream.
/// </summary>
/// <param name="stream">The stream.</param>
/// <param name="response">Flushed before each wait for the client, because the client may be waiting for a response itself.</param>
/// <param name="limit">The most bytes of a line.</param>
internal sealed class NdjsonLines(PipeReader stream, PipeWriter response, int limit) : IDisposable
{
    /// <summary>The current line without its line feed; empty where it is too long.</summary>
    public RequestBody Line { get; } = new(4096);

    /// <summary>The number of the current line, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Whether the current line has more bytes than the limit.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>Whether the current line has only white space.</summary>
    public bool IsBlank => !IsTooLong && !Line.Span.ContainsAnyExcept(" \t\r"u8);

    /// <summary>Reads the next line.</summary>
    /// <returns>False at the end of the stream.</returns>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellation)
    {
        Number++;
        Line.Clear();
        IsTooLong = false;
        while (true)
        {
            var reading = stream.ReadAsync(cancellation);
            if (!reading.IsCompleted) await response.FlushAsync(cancellation);
            var result = await reading;
            var isWhole = Append(result.Buffer);
            if (isWhole) return true;
            if (result.IsCompleted) return IsTooLong || !Line.Span.IsEmpty;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Line.Dispose();

    /// <summary>Appends the bytes up to the end of the line.</summary>
    /// <returns>Whether the line ended.</returns>
    private bool Append(ReadOnlySequence<byte> bytes)
    {
        var end = bytes.PositionOf((byte)'\n');
        var part = end is { } feed ? bytes.Slice(0, feed) : bytes;
        if (Line.Span.Length + part.Length > limit)
        {
            IsTooLong = true;
            Line.Clear();
        }
        if (!IsTooLong)
            foreach (var segment in part) Line.Append(segment.Span);
        stream.AdvanceTo(end is null ? bytes.End : bytes.GetPosition(1, end.Value));
        return end is not null;
    }
}
