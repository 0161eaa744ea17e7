using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace LossService.Tests.Shared.Hostile;

/// <summary>A response that is counted; its first part is kept in a buffer that is used again, so keeping it allocates nothing.</summary>
internal sealed class DirectResponse : Stream, IHttpResponseFeature, IHttpResponseBodyFeature, IHttpResponseTrailersFeature,
    IHttpRequestLifetimeFeature
{
    private readonly byte[] _kept;
    private readonly Stack<(Func<object, Task> Call, object State)> _starting = new();
    private readonly Stack<(Func<object, Task> Call, object State)> _completed = new();
    private CancellationTokenSource _aborted = new();

    /// <summary>A response whose first bytes are kept.</summary>
    public DirectResponse(byte[] kept)
    {
        _kept = kept;
        Writer = PipeWriter.Create(this, new(leaveOpen: true));
    }

    /// <summary>How many bytes it has.</summary>
    public long Count { get; private set; }

    /// <summary>The first of them.</summary>
    public ReadOnlyMemory<byte> Kept => _kept.AsMemory(0, (int)Math.Min(Count, _kept.Length));

    /// <summary>Whether the service broke it off.</summary>
    public bool IsAborted => _aborted.IsCancellationRequested;

    /// <inheritdoc/>
    public int StatusCode { get; set; } = 200;

    /// <inheritdoc/>
    public string? ReasonPhrase { get; set; }

    /// <inheritdoc/>
    public IHeaderDictionary Headers { get; set; } = new HeaderDictionary();

    /// <inheritdoc/>
    public IHeaderDictionary Trailers { get; set; } = new HeaderDictionary();

    /// <inheritdoc/>
    [Obsolete("Of the interface.")]
    public Stream Body { get => this; set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public bool HasStarted { get; private set; }

    /// <inheritdoc/>
    public Stream Stream => this;

    /// <inheritdoc/>
    public PipeWriter Writer { get; }

    /// <inheritdoc/>
    public CancellationToken RequestAborted
    {
        get => _aborted.Token;
        set => _aborted = CancellationTokenSource.CreateLinkedTokenSource(value);
    }

    /// <inheritdoc/>
    public void Abort() => _aborted.Cancel();

    /// <inheritdoc/>
    public void OnStarting(Func<object, Task> callback, object state) => _starting.Push((callback, state));

    /// <inheritdoc/>
    public void OnCompleted(Func<object, Task> callback, object state) => _completed.Push((callback, state));

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (HasStarted) return;
        while (_starting.TryPop(out var next)) await next.Call(next.State);
        HasStarted = true;
    }

    /// <inheritdoc/>
    public async Task CompleteAsync()
    {
        await StartAsync();
        await Writer.CompleteAsync();
    }

    /// <summary>Ends it, after the service has.</summary>
    public async Task EndAsync()
    {
        if (!IsAborted) await CompleteAsync();
        while (_completed.TryPop(out var next)) await next.Call(next.State);
        _aborted.Dispose();
    }

    /// <inheritdoc/>
    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public void DisableBuffering()
    {
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await StartAsync(cancellationToken);
        if (Count < _kept.Length) buffer.Span[..(int)Math.Min(buffer.Length, _kept.Length - Count)].CopyTo(_kept.AsSpan((int)Count));
        Count += buffer.Length;
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("The service writes asynchronously.");

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => StartAsync(cancellationToken);

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();
}
