using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace LossService.Http;

/// <summary>
/// The response to a stream. It is sent as it is written, and what the client does not take is held in unmanaged memory, up to a limit:
/// many clients send all they have before they read, and would wait for a server that waits for them.
/// </summary>
internal sealed class HeldResponse : PipeWriter, IDisposable
{
    /// <summary>How many bytes wait before a stream over this writer sends them.</summary>
    private const int FlushAt = 64 * 1024;

    private readonly HttpContext _context;
    private readonly Limits _limits;
    private readonly NativeBlocks _blocks;
    private readonly Pipe _pipe;
    private readonly SemaphoreSlim _progress = new(0, 1);
    private Memory<byte> _block;
    private int _filled;
    private Task? _sending;
    private long _written;
    private long _sent;

    /// <summary>Holds the response of a request.</summary>
    /// <param name="context">The request and its response.</param>
    /// <param name="admission">How much may be held, and the memory for it.</param>
    public HeldResponse(HttpContext context, Admission admission)
    {
        (_context, _limits, Turn) = (context, admission.Limits, new(admission, Send));
        _blocks = new(admission.Memory);
        _pipe = new(new PipeOptions(_blocks, pauseWriterThreshold: 0, useSynchronizationContext: false));
        // the client may take nothing until it has sent all; what is held for it is limited here
        if (HttpProtocol.IsHttp11(context.Request.Protocol) && context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
    }

    /// <summary>The turn in which the batches of the stream are scored; it ends where the stream waits for its client.</summary>
    public StreamTurn Turn { get; }

    /// <summary>Whether nothing was written yet.</summary>
    public bool IsEmpty => _written == 0;

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <inheritdoc/>
    public override long UnflushedBytes => _pipe.Writer.UnflushedBytes + _filled;

    private long Held => _written - Volatile.Read(ref _sent);

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_block.Length - _filled < Math.Max(sizeHint, 1))
        {
            Commit();
            _block = _pipe.Writer.GetMemory(sizeHint);
        }
        return _block[_filled..];
    }

    /// <inheritdoc/>
    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bytes, (uint)(_block.Length - _filled), nameof(bytes));
        _filled += bytes;
        _written += bytes;
    }

    /// <summary>
    /// Tells the pipe how much of its block is written. A pipe takes a lock for that, and a response is written in pieces of a few bytes.
    /// </summary>
    private void Commit()
    {
        if (_filled > 0) _pipe.Writer.Advance(_filled);
        (_block, _filled) = (default, 0);
    }

    /// <summary>Writes bytes; a stream over this writer calls it for each write, so it sends only where many wait.</summary>
    /// <inheritdoc cref="FlushAsync"/>
    public override async ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        for (; source.Length > 0; source = source[Math.Min(FlushAt, source.Length)..])
        {
            this.Write(source.Span[..Math.Min(FlushAt, source.Length)]);
            if (UnflushedBytes >= FlushAt) await FlushAsync(cancellationToken);
        }
        return default;
    }

    /// <summary>Sends what was written, and waits only where no more can be held.</summary>
    /// <exception cref="ResponseStalledException">No more can be held, and the client takes nothing.</exception>
    /// <exception cref="OperationCanceledException">The client went away.</exception>
    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (IsEmpty) return default;
        Commit();
        _sending ??= SendAsync();
        var result = await _pipe.Writer.FlushAsync(cancellationToken);
        // a pipe keeps its last block, so memory may be short though all is sent: then there is nothing to wait for
        while (!_sending.IsCompleted && Held > 0 && (Held > _limits.HeldResponseBytes || _blocks.IsShort))
        {
            Turn.End();
            if (!await _progress.WaitAsync(TimeSpan.FromSeconds(_limits.StallSeconds), cancellationToken))
                throw new ResponseStalledException(Held);
        }
        if (_sending.IsCompleted) await _sending;
        return result;
    }

    /// <summary>
    /// Sends what was written, and waits until all of it is sent and its memory is free, but no longer than its client takes nothing.
    /// </summary>
    /// <exception cref="OperationCanceledException">The client went away.</exception>
    public async ValueTask DrainAsync(CancellationToken cancellation)
    {
        if (IsEmpty) return;
        Turn.End();
        Send();
        while (!_sending!.IsCompleted && (Held > 0 || _blocks.AreInUse))
            if (!await _progress.WaitAsync(TimeSpan.FromSeconds(Held > 0 ? _limits.StallSeconds : 1), cancellation)) return;
    }

    /// <summary>Sends what was written, and does not wait.</summary>
    private void Send()
    {
        if (IsEmpty) return;
        Commit();
        _sending ??= SendAsync();
        // a pipe without a threshold never makes its writer wait
        _pipe.Writer.FlushAsync(CancellationToken.None).AsTask().Wait();
    }

    /// <summary>Sends the rest; ends the connection where the client takes it below the least rate.</summary>
    /// <exception cref="OperationCanceledException">The client went away, or was too slow.</exception>
    public async Task FinishAsync()
    {
        Turn.End();
        if (IsEmpty) return;
        Commit();
        _sending ??= SendAsync();
        await _pipe.Writer.CompleteAsync();
        try
        {
            await _sending.WaitAsync(
                TimeSpan.FromSeconds(_limits.GraceSeconds + _limits.StallSeconds + (double)Held / _limits.BytesPerSecond),
                _context.RequestAborted);
        }
        catch (TimeoutException slow)
        {
            _context.Abort();
            throw new OperationCanceledException("The client takes its responses too slowly.", slow);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Turn.End();
        Commit();
        _pipe.Writer.Complete();
        // what still sends reads from the pipe, and ends with the connection
        if (_sending is null) _pipe.Reader.Complete();
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush() => _pipe.Writer.CancelPendingFlush();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        Commit();
        _pipe.Writer.Complete(exception);
    }

    private async Task SendAsync()
    {
        var (from, to) = (_pipe.Reader, _context.Response.BodyWriter);
        try
        {
            while (true)
            {
                var read = await from.ReadAsync(_context.RequestAborted);
                foreach (var block in read.Buffer)
                {
                    await to.WriteAsync(block, _context.RequestAborted);
                    Volatile.Write(ref _sent, _sent + block.Length);
                    if (_progress.CurrentCount == 0) _progress.Release();
                }
                from.AdvanceTo(read.Buffer.End);
                if (_progress.CurrentCount == 0) _progress.Release();
                if (read.IsCompleted) return;
            }
        }
        finally
        {
            await from.CompleteAsync();
            if (_progress.CurrentCount == 0) _progress.Release();
        }
    }
}
