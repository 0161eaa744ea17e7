using System.Buffers;
using System.IO.Pipelines;
using LossService.Http;

namespace LossService.Formats.Ndjson;

/// <summary>
/// The lines of a stream, one after the other, in memory that grows to the longest line and no further. Lines end in a line
/// feed, the last one perhaps with the stream.
/// </summary>
/// <param name="stream">Where lines come from.</param>
/// <param name="answers">What is flushed before each wait for the client, which may itself be waiting for an answer.</param>
/// <param name="limit">The most bytes that are kept of a line.</param>
internal sealed class NdjsonLines(PipeReader stream, PipeWriter answers, int limit) : IDisposable
{
    /// <summary>The line read last, without its line feed; empty where it is too long.</summary>
    public RequestBody Line { get; } = new(4096);

    /// <summary>Its number, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Whether it has more bytes than are kept.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>Whether it has nothing but white space.</summary>
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
            if (!reading.IsCompleted) await answers.FlushAsync(cancellation);
            var result = await reading;
            var isWhole = Append(result.Buffer);
            if (isWhole) return true;
            if (result.IsCompleted) return IsTooLong || !Line.Span.IsEmpty;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Line.Dispose();

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
