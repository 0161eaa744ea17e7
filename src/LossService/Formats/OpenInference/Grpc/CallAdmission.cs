using System.Buffers;
using System.Buffers.Binary;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using LossService.Http;
using LossService.Problems;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>
/// Admits a call by the memory of its message: by the length that stands before it, before it is read, and by its parts, before they
/// become objects. Also says in the service's words what the framework refuses by itself.
/// </summary>
internal static class CallAdmission
{
    /// <summary>The bytes before a message: whether it is compressed, and its length.</summary>
    private const int PrefixBytes = 5;

    /// <summary>The longest message that is not measured, since whatever it has takes little.</summary>
    private const int UnmeasuredBytes = 4096;

    private const string Setting = "Limits:GrpcMemoryBytes";

    // the blocks that a message is received in
    private const double BytesPerByte = 1.1;

    /// <summary>Admits the calls of a service.</summary>
    public static void Admit(this GrpcServiceEndpointConventionBuilder service, Admission admission) => service.Add(endpoint =>
    {
        var serve = endpoint.RequestDelegate!;
        var method = endpoint.Metadata.OfType<GrpcMethodMetadata>().FirstOrDefault()?.Method.Name;
        endpoint.RequestDelegate = async context =>
        {
            var call = new CallState();
            context.Features.Set(call);
            try
            {
                if (await AdmitAsync(context, method, call, admission) is { } refusal)
                {
                    Refuse(context, refusal);
                    return;
                }
                await serve(context);
                if (!call.IsRead) Explain(context, admission.Limits);
            }
            finally
            {
                admission.GrpcMemory.Return(call.RequestBytes + call.ResponseBytes);
            }
        };
    });

    /// <returns>Why the message is not parsed; null where it may be.</returns>
    private static async ValueTask<Problem?> AdmitAsync(HttpContext context, string? method, CallState call, Admission admission)
    {
        var limits = admission.Limits;
        if (await ReadAsync(context, PrefixBytes, Parse) is not var (isCompressed, length)) return null;
        call.MessageBytes = length;
        if (length > limits.MessageBytes) return ProblemTypes.PayloadTooLarge(limits.MessageBytes);
        if (!isCompressed && length <= UnmeasuredBytes) return null;

        if (Take((long)(length * BytesPerByte), call, admission) is { } full) return full;
        var encoding = isCompressed ? context.Request.Headers.GrpcEncoding.ToString() : null;
        var type = OpenInferenceGrpcReflection.Descriptor.Services[0].FindMethodByName(method).InputType;
        var cost = await ReadAsync(context, PrefixBytes + length, message =>
            MessageCost.Measure(message.Slice(PrefixBytes), encoding, type, (limits.MessageBytes, admission.GrpcMemory.Limit)));
        if (cost is not var (unpacked, memory)) return null;
        call.MessageBytes = unpacked;
        return unpacked > limits.MessageBytes ? ProblemTypes.PayloadTooLarge(limits.MessageBytes) : Take(memory, call, admission);
    }

    /// <returns>Null where there is memory.</returns>
    private static Problem? Take(long bytes, CallState call, Admission admission)
    {
        if (!admission.GrpcMemory.TryTake(bytes))
        {
            return bytes > admission.GrpcMemory.Limit
                ? ProblemTypes.NeedsTooMuchMemory(bytes, admission.GrpcMemory.Limit, Setting) : ProblemTypes.OutOfMemory(Setting);
        }
        call.RequestBytes += bytes;
        return null;
    }

    /// <summary>Reads the first bytes of the body, and leaves them to the framework.</summary>
    /// <returns>Null where the body ends before them, or the connection breaks, which the framework answers.</returns>
    private static async ValueTask<T?> ReadAsync<T>(HttpContext context, long bytes, Func<ReadOnlySequence<byte>, T> parse) where T : struct
    {
        var body = context.Request.BodyReader;
        try
        {
            var start = (await body.ReadAtLeastAsync((int)bytes, context.RequestAborted)).Buffer;
            T? result = start.Length < bytes ? null : parse(start.Slice(0, bytes));
            // one byte is not examined, so that the next reader does not wait for more
            body.AdvanceTo(start.Start, start.Length < bytes ? start.End : start.GetPosition(bytes - 1));
            return result;
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            return null;
        }
    }

    private static (bool IsCompressed, long Length) Parse(ReadOnlySequence<byte> message)
    {
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        message.Slice(0, PrefixBytes).CopyTo(prefix);
        return (prefix[0] != 0, BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]));
    }

    /// <summary>Ends a call whose message is not read.</summary>
    private static void Refuse(HttpContext context, Problem problem)
    {
        context.Features.Set(problem);
        var status = problem.ToException().Status;
        context.Response.ContentType = "application/grpc";
        SetStatus(context.Response.Headers, status.StatusCode, status.Detail);
    }

    /// <summary>
    /// Says why the framework ended a call before anybody was called: the message is larger than the limit, which only a compressed one
    /// shows now, or it is no message.
    /// </summary>
    private static void Explain(HttpContext context, Limits limits)
    {
        var headers = context.Response.Headers;
        if (headers.GrpcStatus == $"{(int)StatusCode.ResourceExhausted}")
            SetStatus(headers, StatusCode.ResourceExhausted, ProblemTypes.PayloadTooLarge(limits.MessageBytes).Detail);
        else if (headers.GrpcStatus == $"{(int)StatusCode.Unknown}" || headers.GrpcStatus == $"{(int)StatusCode.Internal}")
            SetStatus(headers, StatusCode.InvalidArgument,
                "The message is incomplete, is not a message of this method, or takes more memory than there is when it is parsed.");
    }

    private static void SetStatus(IHeaderDictionary headers, StatusCode code, string detail)
    {
        headers.GrpcStatus = $"{(int)code}";
        // in a header a percent sign begins an escape; the problems' words are ASCII otherwise
        headers.GrpcMessage = detail.Replace("%", "%25", StringComparison.Ordinal);
    }
}
