using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using LossService.Core.Losses;
using LossService.Core.Outputs;
using LossService.Formats.Json;
using LossService.Formats.Numbers;
using LossService.Http;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.OpenInference.Http;

/// <summary>The Open Inference Protocol over HTTP: a body is JSON, and tensors may follow it as bytes.</summary>
internal sealed class OipFormat(Scoring scoring, Admission admission, OipStatistics statistics)
    : BatchFormat<OipRequest>(scoring, admission)
{
    /// <inheritdoc/>
    public override IReadOnlyList<BodyType> Reads { get; } = [new(OipHttp.Json, BodyContent.Json), new(OipHttp.Binary, BodyContent.Bytes)];

    /// <inheritdoc/>
    public override IReadOnlyList<BodyType> Writes => Reads;

    /// <inheritdoc/>
    public override string NameOf(HttpRequest http) => http.Headers.ContainsKey(OipHttp.HeaderLength) ? "oip_binary" : "oip_json";

    /// <summary>
    /// Answers an infer request. Its Content-Type does not matter, since clients send any: curl calls JSON a form, fetch plain text.
    /// Its outputs decide the media type of the response.
    /// </summary>
    public async ValueTask<IResult> InferAsync(Loss loss, HttpRequest http)
    {
        var start = Stopwatch.GetTimestamp();
        var result = await AnswerAsync(loss, http, Writes[0]);
        statistics.Add(loss, result is not Problem, Stopwatch.GetElapsedTime(start));
        return result;
    }

    /// <summary>Reads a body. The request owns it, because binary tensors look into it.</summary>
    protected override Result<OipRequest> Read(
        Loss? loss, RequestBody body, ReadAhead? ahead, HttpRequest http, Allowance allowance)
    {
        var request = new OipRequest(loss!, allowance);
        request.Own(body);
        var isRead = false;
        try
        {
            var result = Read(request, body, http.Headers[OipHttp.HeaderLength]);
            isRead = result.TryGet(out _, out _);
            return result;
        }
        finally
        {
            if (!isRead) request.Dispose();
        }
    }

    /// <inheritdoc/>
    protected override async ValueTask WriteAsync(OipRequest request, ScoreSet scores, HttpResponse response, ResponseWriter body)
    {
        using var outputs = new OipResponse(scores.Single, request);
        await new OipResponseWriter(outputs, response, body, request.Batch.Allowance.Memory).WriteAsync(
            request.Batch.Loss.Name, request.Batch.Id ?? response.HttpContext.TraceIdentifier);
    }

    private static unsafe Result<OipRequest> Read(OipRequest request, RequestBody body, string? headerLength)
    {
        var length = body.Span.Length;
        if (!FindJsonLength(headerLength, length).TryGet(out var json, out var problem)) return problem;

        var text = body.Span[..json];
        var tail = new OipBinaryTail(request);
        try
        {
            if (!Utf8.IsValid(text)) return Explain(text, request.Batch.Allowance);
            new OipHeaderReader(body.Start, body.Start + json, request, tail).Read();
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            return Explain(text, request.Batch.Allowance);
        }
        tail.Read(body.Start + json, length - json, headerLength is not null);
        request.Conclude();
        foreach (var wanted in request.Wanted)
            if (!(wanted.IsBinary ?? request.WantsBinary ?? false))
                request.CheckIsNumbers(wanted, "JSON", "ask for it with \"binary_data\": true");
        return request;
    }

    private static Result<int> FindJsonLength(string? header, int length)
    {
        if (header is null) return length;
        return int.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out var json) && json >= 1 && json <= length ? json
            : ProblemTypes.BadRequest(400,
                $"{OipHttp.HeaderLength} is {ClientText.Quote(header)}; "
                + $"expected the length of the JSON, from 1 to the body's {length} bytes.");
    }

    /// <summary>Finds why a text is not JSON, with the reader that checks the whole of it.</summary>
    private static Problem Explain(ReadOnlySpan<byte> text, Allowance allowance) =>
        JsonText.Outline(text, allowance).TryGet(out _, out var problem)
            ? ProblemTypes.InvalidJson("A string has an unpaired surrogate.", 0) : problem;
}
