using System.Buffers;
using System.IO.Pipelines;

namespace LossService.Http;

/// <summary>
/// The body of a response. One that is complete before its first flush is sent in one piece with a Content-Length; any other is
/// sent as it is written.
/// </summary>
/// <remarks>
/// Kestrel takes a lock for each write, and frames a body without a length as chunks: for a hundred bytes in a dozen writes, that
/// takes longer than formatting the numbers.
/// </remarks>
internal sealed class ResponseWriter(HttpResponse response) : PipeWriter, IDisposable
{
    /// <summary>How many bytes wait before a stream over this writer sends them.</summary>
    private const int FlushAt = 64 * 1024;

    private byte[] _held = ArrayPool<byte>.Shared.Rent(1024);
    private int _length;
    private bool _flows;

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <inheritdoc/>
    public override long UnflushedBytes => _flows ? response.BodyWriter.UnflushedBytes : _length;

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => _flows ? response.BodyWriter.GetSpan(sizeHint) : GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_flows) return response.BodyWriter.GetMemory(sizeHint);
        if (_held.Length - _length < Math.Max(sizeHint, 1)) Grow(sizeHint);
        return _held.AsMemory(_length);
    }

    /// <inheritdoc/>
    public override void Advance(int bytes)
    {
        if (_flows) response.BodyWriter.Advance(bytes);
        else _length += bytes;
    }

    /// <inheritdoc/>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_flows) return response.BodyWriter.FlushAsync(cancellationToken);
        _flows = true;
        return response.BodyWriter.WriteAsync(_held.AsMemory(0, _length), cancellationToken);
    }

    /// <summary>Writes bytes; a stream over this writer calls it for each write, so it sends only where many wait.</summary>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        this.Write(source.Span);
        return UnflushedBytes >= FlushAt ? FlushAsync(cancellationToken) : default;
    }

    /// <summary>Sends the rest of the body.</summary>
    public ValueTask<FlushResult> FinishAsync(CancellationToken cancellation)
    {
        if (!_flows) response.ContentLength = _length;
        return FlushAsync(cancellation);
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush() => response.BodyWriter.CancelPendingFlush();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => response.BodyWriter.Complete(exception);

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<byte>.Shared.Return(_held);

    private void Grow(int room)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + room, _held.Length * 2));
        _held.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_held);
        _held = larger;
    }
}
