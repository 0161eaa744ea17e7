using LossService.Core.Tensors;
using LossService.Problems;

namespace LossService.Http;

/// <summary>A request's whole body, or a line of it, in one piece of unmanaged memory, with room behind it for vector loads.</summary>
internal sealed class RequestBody : IDisposable
{
    private readonly NativeBuffer _buffer;
    private int _length;

    /// <summary>An empty one, to append to.</summary>
    public RequestBody(int capacity) => _buffer = new NativeBuffer((nuint)capacity);

    /// <summary>The first byte.</summary>
    public unsafe byte* Start => _buffer.Address;

    /// <summary>The bytes.</summary>
    public unsafe ReadOnlySpan<byte> Span => new(_buffer.Address, _length);

    /// <summary>Reads a body to its end.</summary>
    /// <param name="request">The request.</param>
    /// <param name="limit">The most bytes it may have.</param>
    /// <param name="cancellation">The client went away, or the service is out of patience.</param>
    /// <returns>The body, or the problem with it.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async ValueTask<(RequestBody? Body, Problem? Problem)> ReadAsync(HttpRequest request, int limit, CancellationToken cancellation)
    {
        if (request.ContentLength > limit) return (null, ProblemTypes.PayloadTooLarge(limit));
        var body = new RequestBody((int)(request.ContentLength ?? 4096));
        var isWhole = false;
        try
        {
            var reader = request.BodyReader;
            while (true)
            {
                // a draining server cancels pending reads; an upload in flight goes on (so IsCanceled is no reason to stop)
                var result = await reader.ReadAsync(cancellation);
                if (body._length + result.Buffer.Length > limit) return (null, ProblemTypes.PayloadTooLarge(limit));
                foreach (var segment in result.Buffer) body.Append(segment.Span);
                reader.AdvanceTo(result.Buffer.End);
                if (!result.IsCompleted) continue;
                isWhole = true;
                return (body, null);
            }
        }
        catch (Exception broken) when (Explain(broken, limit) is { } problem)
        {
            return (null, problem);
        }
        finally
        {
            if (!isWhole) body.Dispose();
        }
    }

    /// <summary>The problem that an exception from reading a body means; null where it is none of the client's.</summary>
    public static Problem? Explain(Exception broken, int limit) => broken switch
    {
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => ProblemTypes.PayloadTooLarge(limit),
        BadHttpRequestException bad => ProblemTypes.BadRequest(bad.StatusCode, bad.Message),
        // what Kestrel makes of a chunk size beyond 32 bits
        IOException { InnerException: OverflowException } => ProblemTypes.BadRequest(StatusCodes.Status400BadRequest, "Bad chunk size data."),
        _ when Compression.IsCorrupt(broken) => ProblemTypes.BadRequest(StatusCodes.Status400BadRequest, "The body does not decompress: it is corrupt, cut short, or not in the coding that Content-Encoding names."),
        _ => null,
    };

    /// <summary>Empties it and keeps the memory.</summary>
    public void Clear() => _length = 0;

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    /// <summary>Puts bytes behind those that it has.</summary>
    public unsafe void Append(ReadOnlySpan<byte> bytes)
    {
        _buffer.Reserve((nuint)(_length + bytes.Length));
        bytes.CopyTo(new Span<byte>(_buffer.Address + _length, bytes.Length));
        _length += bytes.Length;
    }
}
