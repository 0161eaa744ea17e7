using System.Buffers;
using System.IO.Pipelines;
using LossService.Core.Tensors;
using LossService.Http;
using LossService.Problems;

namespace LossService.Formats.Ndjson;

/// <summary>
/// The lines of a stream, one after the other, in a buffer that grows to the longest line. A line ends with a line feed; the last
/// one may end with the stream.
/// </summary>
/// <param name="stream">The stream.</param>
/// <param name="response">Flushed before each wait for the client.</param>
/// <param name="admission">How long a line may be, how long it may take, and the memory for it.</param>
/// <param name="aborted">The client went away.</param>
internal sealed class NdjsonLines(PipeReader stream, HeldResponse response, Admission admission, CancellationToken aborted) : IDisposable
{
    private readonly PacedReader _stream = new(stream, response, admission.Limits, "The line came", aborted);

    /// <summary>The current line without its line feed; empty where it was refused.</summary>
    public RequestBody Line { get; } = new(RequestBody.LeastCapacity, admission.Memory.Share());

    /// <summary>The number of the current line, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Why the current line was not kept: it is too long, or there is no memory for it; null where it was.</summary>
    public Problem? Refused { get; private set; }

    /// <summary>Why the stream ended before its end: the client was too slow; null where it was not.</summary>
    public Problem? Broken => _stream.Broken;

    /// <summary>Whether the current line has only white space.</summary>
    public bool IsBlank => Refused is null && !Line.Span.ContainsAnyExcept(" \t\r"u8);

    /// <summary>Reads the next line.</summary>
    /// <returns>False at the end of the stream, and where it is <see cref="Broken"/>.</returns>
    /// <exception cref="OperationCanceledException">The client went away.</exception>
    public async ValueTask<bool> ReadAsync()
    {
        Number++;
        Line.Clear();
        Refused = null;
        _stream.Pause();
        while (await _stream.ReadAsync() is { } result)
        {
            var buffer = result.Buffer;
            if (SkipBlank(ref buffer) && buffer.IsEmpty)
            {
                _stream.Take(buffer.End, 0);
                if (result.IsCompleted) return false;
                continue;
            }
            var isWhole = Append(buffer);
            if (isWhole) return true;
            if (result.IsCompleted) return Refused is not null || !Line.Span.IsEmpty;
        }
        return false;
    }

    /// <summary>Reads what is left of the stream, so that a client that sends all before it reads gets to its responses.</summary>
    public Task SkipAsync() => _stream.SkipAsync();

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        Line.Dispose();
    }

    /// <summary>Skips blank lines before the current one, which would each take as long as a short line otherwise.</summary>
    /// <returns>Whether there were any.</returns>
    private bool SkipBlank(ref ReadOnlySequence<byte> bytes)
    {
        if (Refused is not null || !Line.Span.IsEmpty) return false;
        var first = bytes.FirstSpan;
        var blank = first.IndexOfAnyExcept(" \t\r\n"u8);
        var last = (blank < 0 ? first : first[..blank]).LastIndexOf((byte)'\n');
        if (last < 0) return false;
        Number += first[..(last + 1)].Count((byte)'\n');
        bytes = bytes.Slice(last + 1);
        return true;
    }

    /// <summary>Appends the bytes up to the end of the line.</summary>
    /// <returns>Whether the line ended.</returns>
    private bool Append(ReadOnlySequence<byte> bytes)
    {
        var end = bytes.PositionOf((byte)'\n');
        var part = end is { } feed ? bytes.Slice(0, feed) : bytes;
        try
        {
            if (Line.Span.Length + part.Length > admission.Limits.BodyBytes)
                Refuse(ProblemTypes.PayloadTooLarge(admission.Limits.BodyBytes));
            if (Refused is null)
                foreach (var segment in part) Line.Append(segment.Span);
        }
        catch (MemoryBudgetException full)
        {
            Refuse(FailureProblems.Of(full));
        }
        _stream.Take(end is null ? bytes.End : bytes.GetPosition(1, end.Value), part.Length);
        return end is not null;
    }

    private void Refuse(Problem problem)
    {
        Refused ??= problem;
        Line.Clear();
    }
}
