using System.Diagnostics;
using System.IO.Pipelines;
using LossService.Problems;

namespace LossService.Http;

/// <summary>Reads a stream of batches as fast as its client must send it.</summary>
/// <remarks>
/// Between two batches a client may pause, as a training loop does; a batch that has begun must arrive at the rate of a body, since it
/// holds memory. The rate is that of the last seconds: what came before, however fast, earns no time.
/// </remarks>
/// <param name="stream">The stream.</param>
/// <param name="response">Flushed before each wait for the client, because the client may be waiting for a response itself.</param>
/// <param name="limits">How long a batch and the stream may take.</param>
/// <param name="what">What comes too slowly, in words: <c>The line came</c>.</param>
/// <param name="aborted">The client went away.</param>
internal sealed class PacedReader(PipeReader stream, HeldResponse response, Limits limits, string what, CancellationToken aborted)
    : IDisposable
{
    private readonly CancellationTokenSource _patience = CancellationTokenSource.CreateLinkedTokenSource(aborted);
    private readonly long _start = Stopwatch.GetTimestamp();
    private bool _isSkipping;
    private long _measuredFrom;
    private long _measuredBytes;

    /// <summary>Why the stream ended before its end: the client was too slow; null where it was not.</summary>
    public Problem? Broken { get; private set; }

    /// <summary>Lets the client pause until the next batch.</summary>
    public void Pause() => _measuredFrom = 0;

    /// <summary>Waits for bytes as long as the client may take.</summary>
    /// <param name="meanwhile">
    /// Called where the bytes are not there yet; ends at the latest when they come, and says whether it has written to the response: then
    /// it is called again. null = nothing is done meanwhile.
    /// </param>
    /// <returns>The bytes; null where they did not come in time.</returns>
    /// <exception cref="OperationCanceledException">The client went away.</exception>
    /// <exception cref="ResponseStalledException">The client takes nothing of its responses.</exception>
    public async ValueTask<ReadResult?> ReadAsync(Func<Task, ValueTask<bool>>? meanwhile = null)
    {
        if (IsTooSlow())
        {
            Broken ??= TooSlow();
            return null;
        }
        var next = stream.ReadAsync(_patience.Token);
        if (next.IsCompleted) return await next;
        var reading = next.AsTask();
        response.Turn.End();
        try
        {
            if (!_isSkipping) await FlushAsync();
            if (meanwhile is not null) await WorkAsync(meanwhile, reading);
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
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
            Broken ??= _measuredFrom == 0 ? ProblemTypes.Paused(limits.PauseSeconds, limits.StreamSeconds) : TooSlow();
            return null;
        }
        finally
        {
            _patience.CancelAfter(Timeout.Infinite);
        }
    }

    /// <summary>Takes bytes that were read.</summary>
    /// <param name="end">Behind the last of them.</param>
    /// <param name="bytes">How many of them belong to a batch.</param>
    public void Take(SequencePosition end, long bytes)
    {
        if (_measuredFrom == 0 && bytes > 0) (_measuredFrom, _measuredBytes) = (Stopwatch.GetTimestamp(), 0);
        _measuredBytes += bytes;
        stream.AdvanceTo(end);
    }

    /// <summary>Reads what is left of the stream, so that a client that sends all before it reads gets to its responses.</summary>
    public async Task SkipAsync()
    {
        (_isSkipping, _measuredFrom) = (true, 0);
        while (await ReadAsync() is { } result)
        {
            stream.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted) return;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _patience.Dispose();

    private Problem TooSlow() => ProblemTypes.TooSlow(what, limits.BytesPerSecond, "Limits:BytesPerSecond");

    /// <summary>Sends what is written. The client is not to blame for the time that it takes.</summary>
    private async ValueTask FlushAsync()
    {
        var start = Stopwatch.GetTimestamp();
        await response.FlushAsync(aborted);
        Excuse(start);
    }

    private async ValueTask WorkAsync(Func<Task, ValueTask<bool>> meanwhile, Task arrival)
    {
        for (var start = Stopwatch.GetTimestamp(); await meanwhile(arrival); start = Stopwatch.GetTimestamp())
        {
            await response.FlushAsync(aborted);
            Excuse(start);
        }
    }

    private void Excuse(long start)
    {
        if (_measuredFrom != 0) _measuredFrom += Stopwatch.GetTimestamp() - start;
    }

    private TimeSpan GetPatience()
    {
        var allowed = TimeSpan.FromSeconds(_measuredFrom == 0 ? limits.PauseSeconds : limits.GraceSeconds);
        var left = TimeSpan.FromSeconds(limits.StreamSeconds) - Stopwatch.GetElapsedTime(_start);
        return left < TimeSpan.Zero ? TimeSpan.Zero : allowed < left ? allowed : left;
    }

    /// <summary>Whether the batch came below its rate while it was measured; measures anew where it did not.</summary>
    private bool IsTooSlow()
    {
        if (_measuredFrom == 0) return false;
        var seconds = Stopwatch.GetElapsedTime(_measuredFrom).TotalSeconds;
        if (seconds < limits.GraceSeconds) return false;
        if (_measuredBytes < seconds * limits.BytesPerSecond) return true;
        (_measuredFrom, _measuredBytes) = (Stopwatch.GetTimestamp(), 0);
        return false;
    }
}
