using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using LossService.Core.Tensors;
using LossService.Http;
using LossService.Problems;

namespace LossService.Formats.Ndjson;

/// <summary>
/// The lines of a stream, one after the other, in a buffer that grows to the longest line. A line ends with a line feed; the last
/// one may end with the stream.
/// </summary>
/// <remarks>
/// Between two lines a client may pause, as a training loop does; a line that has begun must arrive at the rate of a body, since it holds
/// memory. The rate is that of the last seconds: what came before, however fast, earns no time.
/// </remarks>
/// <param name="stream">The stream.</param>
/// <param name="response">Flushed before each wait for the client, because the client may be waiting for a response itself.</param>
/// <param name="admission">How long a line may be, how long it may take, and the memory for it.</param>
/// <param name="aborted">The client went away.</param>
internal sealed class NdjsonLines(PipeReader stream, PipeWriter response, Admission admission, CancellationToken aborted) : IDisposable
{
    private readonly CancellationTokenSource _patience = CancellationTokenSource.CreateLinkedTokenSource(aborted);
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Limits _limits = admission.Limits;
    private bool _isSkipping;
    private long _measuredFrom;
    private long _measuredBytes;

    /// <summary>The current line without its line feed; empty where it was refused.</summary>
    public RequestBody Line { get; } = new(RequestBody.LeastCapacity, admission.Memory.Share());

    /// <summary>The number of the current line, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Why the current line was not kept: it is too long, or there is no memory for it; null where it was.</summary>
    public Problem? Refused { get; private set; }

    /// <summary>Why the stream ended before its end: the client was too slow; null where it was not.</summary>
    public Problem? Broken { get; private set; }

    /// <summary>Whether the current line has only white space.</summary>
    public bool IsBlank => Refused is null && !Line.Span.ContainsAnyExcept(" \t\r"u8);

    /// <summary>Reads the next line.</summary>
    /// <returns>False at the end of the stream, and where it is <see cref="Broken"/>.</returns>
    /// <exception cref="OperationCanceledException">The client went away.</exception>
    public async ValueTask<bool> ReadAsync()
    {
        Number++;
        Line.Clear();
        (Refused, _measuredFrom) = (null, 0);
        while (await ReadPartAsync() is { } result)
        {
            var isWhole = Append(result.Buffer);
            if (isWhole) return true;
            if (result.IsCompleted) return Refused is not null || !Line.Span.IsEmpty;
        }
        return false;
    }

    /// <summary>Reads what is left of the stream, so that a client that sends all before it reads gets to its responses.</summary>
    public async Task SkipAsync()
    {
        (_isSkipping, _measuredFrom) = (true, 0);
        while (await ReadPartAsync() is { } result)
        {
            stream.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted) return;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _patience.Dispose();
        Line.Dispose();
    }

    /// <summary>Waits for bytes as long as the client may take.</summary>
    /// <returns>The bytes; null where they did not come in time.</returns>
    private async ValueTask<ReadResult?> ReadPartAsync()
    {
        if (IsTooSlow())
        {
            Broken ??= ProblemTypes.TooSlow("The line came", _limits.BytesPerSecond, "Limits:BytesPerSecond");
            return null;
        }
        var reading = stream.ReadAsync(_patience.Token);
        if (reading.IsCompleted) return await reading;
        try
        {
            if (!_isSkipping) await FlushAsync();
        }
        catch (ResponseStalledException)
        {
            // a stream has one read at a time
            stream.CancelPendingRead();
            stream.AdvanceTo((await reading).Buffer.Start);
            throw;
        }
        _patience.CancelAfter(GetPatience());
        try
        {
            return await reading;
        }
        catch (OperationCanceledException) when (_patience.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            Broken ??= _measuredFrom == 0
                ? ProblemTypes.Paused(_limits.PauseSeconds, _limits.StreamSeconds)
                : ProblemTypes.TooSlow("The line came", _limits.BytesPerSecond, "Limits:BytesPerSecond");
            return null;
        }
        finally
        {
            _patience.CancelAfter(Timeout.Infinite);
        }
    }

    /// <summary>Sends what is written. The client is not to blame for the time that it takes.</summary>
    private async ValueTask FlushAsync()
    {
        var start = Stopwatch.GetTimestamp();
        await response.FlushAsync(aborted);
        if (_measuredFrom != 0) _measuredFrom += Stopwatch.GetTimestamp() - start;
    }

    private TimeSpan GetPatience()
    {
        var allowed = TimeSpan.FromSeconds(_measuredFrom == 0 ? _limits.PauseSeconds : _limits.GraceSeconds);
        var left = TimeSpan.FromSeconds(_limits.StreamSeconds) - Stopwatch.GetElapsedTime(_start);
        return left < TimeSpan.Zero ? TimeSpan.Zero : allowed < left ? allowed : left;
    }

    /// <summary>Whether the line came below its rate while it was measured; measures anew where it did not.</summary>
    private bool IsTooSlow()
    {
        if (_measuredFrom == 0) return false;
        var seconds = Stopwatch.GetElapsedTime(_measuredFrom).TotalSeconds;
        if (seconds < _limits.GraceSeconds) return false;
        if (_measuredBytes < seconds * _limits.BytesPerSecond) return true;
        (_measuredFrom, _measuredBytes) = (Stopwatch.GetTimestamp(), 0);
        return false;
    }

    /// <summary>Appends the bytes up to the end of the line.</summary>
    /// <returns>Whether the line ended.</returns>
    private bool Append(ReadOnlySequence<byte> bytes)
    {
        var end = bytes.PositionOf((byte)'\n');
        var part = end is { } feed ? bytes.Slice(0, feed) : bytes;
        if (_measuredFrom == 0 && part.Length > 0) (_measuredFrom, _measuredBytes) = (Stopwatch.GetTimestamp(), 0);
        _measuredBytes += part.Length;
        try
        {
            if (Line.Span.Length + part.Length > _limits.BodyBytes) Refuse(ProblemTypes.PayloadTooLarge(_limits.BodyBytes));
            if (Refused is null)
                foreach (var segment in part) Line.Append(segment.Span);
        }
        catch (MemoryBudgetException full)
        {
            Refuse(FailureProblems.Of(full));
        }
        stream.AdvanceTo(end is null ? bytes.End : bytes.GetPosition(1, end.Value));
        return end is not null;
    }

    private void Refuse(Problem problem)
    {
        Refused ??= problem;
        Line.Clear();
    }
}
