using LossService.Core.Tensors;
using LossService.Problems;

namespace LossService.Http;

/// <summary>
/// The whole body of a request, or a line of it, in one block of unmanaged memory, with slack behind it for vector loads.
/// </summary>
internal sealed class RequestBody : IDisposable
{
    private const int HugePage = 2 * 1024 * 1024;

    /// <summary>The capacity of a body whose length is not known.</summary>
    public const int LeastCapacity = 4096;

    private const int MaxKept = 1024 * 1024;

    private NativeBuffer _buffer;
    private int _length;

    /// <summary>An empty body, to append to.</summary>
    /// <param name="capacity">The bytes that it holds without growing.</param>
    /// <param name="memory">What its bytes are taken from; null = not counted.</param>
    /// <exception cref="MemoryBudgetException">They do not fit now.</exception>
    public RequestBody(int capacity, MemoryBudget? memory = null) => _buffer = new((nuint)capacity, memory, fillsSlowly: true);

    /// <summary>What its bytes are taken from, and what else its request takes; null = not counted.</summary>
    public MemoryBudget? Memory => _buffer.Budget;

    /// <summary>The address of the first byte.</summary>
    public unsafe byte* Start => _buffer.Address;

    /// <summary>The bytes.</summary>
    public unsafe ReadOnlySpan<byte> Span => new(_buffer.Address, _length);

    /// <summary>
    /// Reads a body to its end. Memory for all that Content-Length says is taken before the first byte is read; for a body without a
    /// length, or compressed, as it grows.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="admission">Says how large the body may be, and what there is for it.</param>
    /// <param name="meanwhile">
    /// Called with a body of known length while no more of it has arrived; works on what has for a moment, and returns false where there is
    /// nothing to do. null = nothing is done meanwhile.
    /// </param>
    /// <param name="cancellation">The client went away.</param>
    /// <returns>The body, which the caller disposes of; a problem where it is too large, does not fit now, or comes too slowly.</returns>
    /// <exception cref="OperationCanceledException">The client went away.</exception>
    public static async ValueTask<Result<RequestBody>> ReadAsync(
        HttpRequest request, Admission admission, Func<RequestBody, long, bool>? meanwhile, CancellationToken cancellation)
    {
        var limits = admission.Limits;
        var limit = limits.BodyBytes;
        if (request.ContentLength > limit) return ProblemTypes.PayloadTooLarge(limit);
        if (admission.RefuseUnread(request.ContentLength) is { } refusal) return refusal;
        var (body, isWhole, rate) = ((RequestBody?)null, false, (long)limits.BytesPerSecond);
        try
        {
            body = new((int)(request.ContentLength ?? LeastCapacity), admission.Memory.Share());
            if (request.ContentLength is { } length) rate = DataRates.DemandBody(request, length, limits);
            var reader = request.BodyReader;
            while (true)
            {
                // a draining server cancels pending reads, but uploads in flight go on: IsCanceled is not checked
                var reading = reader.ReadAsync(cancellation);
                if (request.ContentLength is { } whole && meanwhile is not null)
                    while (!reading.IsCompleted && meanwhile(body, whole)) { }
                var result = await reading;
                var isTooLong = body._length + result.Buffer.Length > limit;
                try
                {
                    if (!isTooLong)
                        foreach (var segment in result.Buffer) body.Append(segment.Span);
                }
                finally
                {
                    // the server must be able to read the rest
                    reader.AdvanceTo(result.Buffer.End);
                }
                if (isTooLong) return ProblemTypes.PayloadTooLarge(limit);
                if (!result.IsCompleted) continue;
                isWhole = true;
                return body;
            }
        }
        catch (Exception broken) when (Explain(broken, limits, rate) is { } problem)
        {
            return problem;
        }
        catch (IOException gone)
        {
            throw new OperationCanceledException("The client went away.", gone, cancellation);
        }
        finally
        {
            if (!isWhole) body?.Dispose();
        }
    }

    /// <summary>Finds the problem that an exception from reading a body means; null where the client did not cause it.</summary>
    /// <param name="broken">The exception.</param>
    /// <param name="limits">The limits in force.</param>
    /// <param name="rate">The bytes a second at which the body must arrive.</param>
    public static Problem? Explain(Exception broken, Limits limits, long rate) => broken switch
    {
        OutOfMemoryException full => FailureProblems.Of(full),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => ProblemTypes.PayloadTooLarge(limits.BodyBytes),
        BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } => ProblemTypes.TooSlow("The body came", rate,
            rate > limits.BytesPerSecond ? "its length in Limits:BodySeconds" : "Limits:BytesPerSecond"),
        BadHttpRequestException bad => ProblemTypes.BadRequest(bad.StatusCode, bad.Message),
        // Kestrel throws this for a chunk size of more than 32 bits
        IOException { InnerException: OverflowException } =>
            ProblemTypes.BadRequest(StatusCodes.Status400BadRequest, "Bad chunk size data."),
        _ when Compression.IsCorrupt(broken) =>
            ProblemTypes.BadRequest(StatusCodes.Status400BadRequest,
            "The body does not decompress: it is corrupt, incomplete, or not in the coding that Content-Encoding names."),
        _ => null,
    };

    /// <summary>Makes it empty; little memory stays.</summary>
    public void Clear()
    {
        _length = 0;
        if (_buffer.Capacity > MaxKept) Free();
    }

    /// <summary>Makes it empty; of its memory, only what is not counted stays.</summary>
    public void Free()
    {
        _length = 0;
        _buffer.Dispose();
        _buffer = new(LeastCapacity, _buffer.Budget, fillsSlowly: true);
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    /// <summary>Makes room for bytes that are to be appended.</summary>
    /// <exception cref="MemoryBudgetException">They do not fit now.</exception>
    public void Reserve(int bytes) => _buffer.Reserve((nuint)(_length + bytes));

    /// <summary>Appends bytes.</summary>
    public unsafe void Append(ReadOnlySpan<byte> bytes)
    {
        _buffer.Reserve((nuint)(_length + bytes.Length));
        bytes.CopyTo(new Span<byte>(_buffer.Address + _length, bytes.Length));
        // once one huge page is full, the next is not taken for a few bytes
        if (_length < HugePage && _length + bytes.Length >= HugePage) _buffer.ExpectAll();
        _length += bytes.Length;
    }
}
