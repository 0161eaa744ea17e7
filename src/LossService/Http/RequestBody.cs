using LossService.Core.Tensors;
using LossService.Problems;

namespace LossService.Http;

/// <summary>
/// The whole body of a request, or a line of it, in one block of unmanaged memory, with slack behind it for vector loads.
/// </summary>
internal sealed class RequestBody : IDisposable
{
    private readonly NativeBuffer _buffer;
    private int _length;

    /// <summary>An empty body, to append to.</summary>
    public RequestBody(int capacity) => _buffer = new NativeBuffer((nuint)capacity);

    /// <summary>The address of the first byte.</summary>
    public unsafe byte* Start => _buffer.Address;

    /// <summary>The bytes.</summary>
    public unsafe ReadOnlySpan<byte> Span => new(_buffer.Address, _length);

    /// <summary>Reads a body to its end.</summary>
    /// <param name="request">The request.</param>
    /// <param name="limit">The most bytes that it may have.</param>
    /// <param name="cancellation">The client went away.</param>
    /// <returns>The body, which the caller disposes of.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async ValueTask<Result<RequestBody>> ReadAsync(HttpRequest request, int limit, CancellationToken cancellation)
    {
        if (request.ContentLength > limit) return ProblemTypes.PayloadTooLarge(limit);
        var body = new RequestBody((int)(request.ContentLength ?? 4096));
        var isWhole = false;
        try
        {
            var reader = request.BodyReader;
            while (true)
            {
                // a draining server cancels pending reads, but uploads in flight go on: IsCanceled is not checked
                var result = await reader.ReadAsync(cancellation);
                if (body._length + result.Buffer.Length > limit) return ProblemTypes.PayloadTooLarge(limit);
                foreach (var segment in result.Buffer) body.Append(segment.Span);
                reader.AdvanceTo(result.Buffer.End);
                if (!result.IsCompleted) continue;
                isWhole = true;
                return body;
            }
        }
        catch (Exception broken) when (Explain(broken, limit) is { } problem)
        {
            return problem;
        }
        finally
        {
            if (!isWhole) body.Dispose();
        }
    }

    /// <summary>Finds the problem that an exception from reading a body means; null where the client did not cause it.</summary>
    public static Problem? Explain(Exception broken, int limit) => broken switch
    {
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => ProblemTypes.PayloadTooLarge(limit),
        BadHttpRequestException bad => ProblemTypes.BadRequest(bad.StatusCode, bad.Message),
        // Kestrel throws this for a chunk size of more than 32 bits
        IOException { InnerException: OverflowException } =>
            ProblemTypes.BadRequest(StatusCodes.Status400BadRequest, "Bad chunk size data."),
        _ when Compression.IsCorrupt(broken) =>
            ProblemTypes.BadRequest(StatusCodes.Status400BadRequest,
            "The body does not decompress: it is corrupt, incomplete, or not in the coding that Content-Encoding names."),
        _ => null,
    };

    /// <summary>Makes it empty; the memory stays.</summary>
    public void Clear() => _length = 0;

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    /// <summary>Appends bytes.</summary>
    public unsafe void Append(ReadOnlySpan<byte> bytes)
    {
        _buffer.Reserve((nuint)(_length + bytes.Length));
        bytes.CopyTo(new Span<byte>(_buffer.Address + _length, bytes.Length));
        _length += bytes.Length;
    }
}
