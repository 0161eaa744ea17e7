using System.Buffers;
using System.Buffers.Binary;
using Grpc.Core;
using LossService.Http;
using LossService.Problems;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>
/// Admits a call by the length that stands before its message, so that the memory for the message is taken before it is read: the
/// framework reads a whole message before it calls anybody. Also says in the service's words what the framework refuses by itself.
/// </summary>
internal static class CallAdmission
{
    /// <summary>The bytes before a message: whether it is compressed, and its length.</summary>
    private const int PrefixBytes = 5;

    // received blocks and the message made of them
    private const double BytesPerByte = 2.2;

    /// <summary>Admits the calls of a service.</summary>
    public static void Admit(this GrpcServiceEndpointConventionBuilder service, Admission admission) => service.Add(endpoint =>
    {
        var serve = endpoint.RequestDelegate!;
        endpoint.RequestDelegate = async context =>
        {
            var call = new CallState();
            context.Features.Set(call);
            var prefix = await ReadPrefixAsync(context);
            if (prefix?.Length > admission.Limits.MessageBytes)
            {
                Refuse(context, ProblemTypes.PayloadTooLarge(admission.Limits.MessageBytes));
                return;
            }
            // a compressed message may be as large as any
            var length = prefix is { IsCompressed: true } ? admission.Limits.MessageBytes : prefix?.Length ?? 0;
            var bytes = length > admission.Limits.SmallBodyBytes ? (long)(length * BytesPerByte) : 0;
            if (!admission.GrpcMemory.TryTake(bytes))
            {
                Refuse(context, bytes > admission.GrpcMemory.Limit
                    ? ProblemTypes.NeedsTooMuchMemory(bytes, admission.GrpcMemory.Limit) : ProblemTypes.OutOfMemory());
                return;
            }
            call.MessageBytes = length;
            try
            {
                await serve(context);
            }
            finally
            {
                admission.GrpcMemory.Return(bytes + call.ResponseBytes);
            }
            if (!call.IsRead) Explain(context, admission.Limits);
        };
    });

    private static async ValueTask<(bool IsCompressed, long Length)?> ReadPrefixAsync(HttpContext context)
    {
        var read = await context.Request.BodyReader.ReadAtLeastAsync(PrefixBytes, context.RequestAborted);
        var prefix = read.Buffer;
        (bool, long)? result = prefix.Length < PrefixBytes ? null : Parse(prefix);
        context.Request.BodyReader.AdvanceTo(prefix.Start);
        return result;
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
