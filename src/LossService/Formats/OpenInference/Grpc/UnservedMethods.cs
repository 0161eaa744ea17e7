using System.Globalization;
using Grpc.Core;
using LossService.Problems;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>
/// The methods of Triton's service that are not served: each call ends in UNIMPLEMENTED, with words. Without this its client would
/// see an HTTP 404.
/// </summary>
internal static class UnservedMethods
{
    private const string GrpcMediaType = "application/grpc";

    /// <summary>Answers every method of a service that has no route of its own.</summary>
    public static void MapUnserved(this IEndpointRouteBuilder app, string service) =>
        app.MapPost($"/{service}/{{method:alpha:maxlength(40)}}", Refuse).ExcludeFromDescription();

    private static IResult Refuse(string method, HttpContext context)
    {
        if (context.Request.ContentType?.StartsWith(GrpcMediaType, StringComparison.Ordinal) != true)
            return ProblemTypes.NotFound(context.Request.Path);
        // a response without a message, in which the headers are the trailers
        var response = context.Response;
        response.ContentType = GrpcMediaType;
        response.Headers.GrpcStatus = ((int)StatusCode.Unimplemented).ToString(CultureInfo.InvariantCulture);
        response.Headers.GrpcMessage =
            $"{method} is not served; ModelInfer scores a batch, and no model is loaded, unloaded, traced or read from shared memory";
        return Results.Empty;
    }
}
