using System.Buffers;
using System.IO.Pipelines;
using LossService.Core.Tensors;
using LossService.Http;
using LossService.Problems;

namespace LossService.Formats.Ndjson;

/// <summary>
/// The lines of a stream, one after the other, in buffers that grow to the longest line. A line ends with a line feed; the last one may
/// end with the stream.
/// </summary>
/// <param name="stream">The stream.</param>
/// <param name="response">Flushed before each wait for the client.</param>
/// <param name="admission">How long a line may be, how long it may take, and the memory for it.</param>
/// <param name="aborted">The client went away.</param>
internal sealed class NdjsonLines(PipeReader stream, HeldResponse response, Admission admission, CancellationToken aborted) : IDisposable
{
    private readonly PacedReader _stream = new(stream, response, admission.Limits, "The line came", aborted);

    // the current line, and those that are scored: a line's buffer is read into again when as many others were
    private readonly NdjsonLine?[] _lines = new NdjsonLine?[NdjsonAnswers.MostUnderWay + 1];
    private int _current;
    private long _number;

    /// <summary>The current line.</summary>
    public NdjsonLine Line => _lines[_current] ??= new(admission.Memory);

    /// <summary>Why the stream ended before its end: the client was too slow; null where it was not.</summary>
    public Problem? Broken => _stream.Broken;

    /// <summary>Leaves the current line as it is while the next ones are read, until the line after them is.</summary>
    public void Keep() => _current = (_current + 1) % _lines.Length;

    /// <summary>Reads the next line.</summary>
    /// <param name="answers">Works on the lines that are kept while this waits, and before this takes memory that they may need.</param>
    /// <returns>False at the end of the stream, and where it is <see cref="Broken"/>.</returns>
    /// <exception cref="OperationCanceledException">The client went away.</exception>
    public async ValueTask<bool> ReadAsync(NdjsonAnswers answers)
    {
        Line.Clear();
        Line.Number = ++_number;
        _stream.Pause();
        while (await _stream.ReadAsync(answers.IsUnderWay ? answers.WorkUntilAsync : null) is { } result)
        {
            var buffer = result.Buffer;
            if (SkipBlank(ref buffer) && buffer.IsEmpty)
            {
                _stream.Take(buffer.End, 0);
                if (result.IsCompleted) return false;
                continue;
            }
            var end = buffer.PositionOf((byte)'\n');
            var part = end is { } feed ? buffer.Slice(0, feed) : buffer;
            if (answers.IsUnderWay) await answers.MakeRoomAsync(Line, part.Length);
            if (!TryAppend(part, isLast: false))
            {
                await answers.FreeAllAsync();
                TryAppend(part, isLast: true);
            }
            _stream.Take(end is null ? buffer.End : buffer.GetPosition(1, end.Value), part.Length);
            if (end is not null) return true;
            if (result.IsCompleted) return Line.Refused is not null || !Line.Text.Span.IsEmpty;
        }
        return false;
    }

    /// <summary>Frees the memory that is kept for lines to come.</summary>
    public void FreeSpare()
    {
        foreach (var line in _lines)
            if (line?.Text.Span.IsEmpty == true) line.Text.Free();
    }

    /// <summary>Reads what is left of the stream, so that a client that sends all before it reads gets to its responses.</summary>
    public Task SkipAsync() => _stream.SkipAsync();

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        foreach (var line in _lines) line?.Dispose();
    }

    /// <summary>Skips blank lines before the current one, which would each take as long as a short line otherwise.</summary>
    /// <returns>Whether there were any.</returns>
    private bool SkipBlank(ref ReadOnlySequence<byte> bytes)
    {
        if (Line.Refused is not null || !Line.Text.Span.IsEmpty) return false;
        var first = bytes.FirstSpan;
        var blank = first.IndexOfAnyExcept(" \t\r\n"u8);
        var last = (blank < 0 ? first : first[..blank]).LastIndexOf((byte)'\n');
        if (last < 0) return false;
        _number += first[..(last + 1)].Count((byte)'\n');
        Line.Number = _number;
        bytes = bytes.Slice(last + 1);
        return true;
    }

    /// <summary>Appends bytes to the line, or refuses it.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="isLast">Whether the line is refused where there is no memory for it now, too.</param>
    /// <returns>False where there is no memory for them now.</returns>
    private bool TryAppend(ReadOnlySequence<byte> bytes, bool isLast)
    {
        if (Line.Text.Span.Length + bytes.Length > admission.Limits.BodyBytes)
            Line.Refuse(ProblemTypes.PayloadTooLarge(admission.Limits.BodyBytes));
        if (Line.Refused is not null) return true;
        try
        {
            Line.Text.Reserve((int)bytes.Length);
        }
        catch (MemoryBudgetException full)
        {
            if (!full.IsForever && !isLast) return false;
            Line.Refuse(FailureProblems.Of(full));
            return true;
        }
        foreach (var segment in bytes) Line.Text.Append(segment.Span);
        return true;
    }
}
