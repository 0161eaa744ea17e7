using System.Net.Mime;
using LossService.Core.Losses;
using LossService.Core.Outputs;
using LossService.Formats.Json;
using LossService.Formats.Numbers;
using LossService.Http;
using LossService.Problems;
using LossService.Requests;
using Microsoft.Net.Http.Headers;

namespace LossService.Formats.Numpy;

/// <summary>
/// NumPy's files: the body is a form whose parts are .npy files, named as the members of JSON, and options as texts; the response is JSON,
/// or a .npz file where Accept prefers one.
/// </summary>
internal sealed class NumpyFormat(Scoring scoring, Admission admission) : BatchFormat<NumpyRequest>(scoring, admission)
{
    /// <inheritdoc/>
    public override IReadOnlyList<BodyType> Reads { get; } =
    [
        new(FormReader.MediaType, BodyContent.Form)
        {
            Description = "Arrays as `.npy` files of any number dtype, C or Fortran order, and options as text; a list is repeated, or "
                + """one JSON array. `curl -F logits=@logits.npy -F labels=@labels.npy -F outputs=loss -F outputs=gradient`. """
                + "Options may be in the query as well.",
        },
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<BodyType> Writes { get; } =
    [
        new(MediaTypeNames.Application.Json, BodyContent.Json) { Charset = "utf-8" },
        new("application/x-npz", BodyContent.Bytes)
        {
            Description = "To a form: a `.npz` file, for `numpy.load`, with an array for each output, metric and total; a number without "
                + "a value is NaN. `application/zip` is the same file.",
        },
        new(MediaTypeNames.Application.Zip, BodyContent.Bytes) { Description = "The same as `application/x-npz`." },
    ];

    /// <inheritdoc/>
    public override bool HasSeveral => true;

    /// <inheritdoc/>
    public override string NameOf(HttpRequest http) => "numpy";

    /// <inheritdoc/>
    protected override Result<NumpyRequest> Read(
        Loss? loss, RequestBody body, ReadAhead? ahead, HttpRequest http, Allowance allowance)
    {
        var request = new NumpyRequest(loss, body, allowance);
        var isRead = false;
        try
        {
            if (FindBoundary(http) is not { } boundary)
                return ProblemTypes.BadRequest(StatusCodes.Status400BadRequest,
                    $"Content-Type has no boundary of at most {FormReader.MaxBoundary} characters; clients that send forms add one.");
            if (new FormReader(request, boundary).Read(http.Query) is { } problem) return problem;
            isRead = true;
            return request;
        }
        finally
        {
            if (!isRead) request.Dispose();
        }
    }

    /// <inheritdoc/>
    protected override ValueTask WriteAsync(NumpyRequest request, ScoreSet scores, HttpResponse response, ResponseWriter body)
    {
        var (batch, cancellation) = (request.Batch, response.HttpContext.RequestAborted);
        return response.ContentType == MediaTypeNames.Application.Json
            ? JsonAnswer.WriteAsync(scores, batch, null, body, cancellation)
            : NpzWriter.WriteAsync(scores, batch, body, cancellation);
    }

    private static string? FindBoundary(HttpRequest http) =>
        MediaTypeHeaderValue.TryParse(http.ContentType, out var type)
        && HeaderUtilities.RemoveQuotes(type.Boundary).ToString() is { Length: > 0 and <= FormReader.MaxBoundary } boundary
            ? boundary : null;
}
