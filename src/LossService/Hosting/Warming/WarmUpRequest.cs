using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using LossService.Core.Losses;
using LossService.Formats;
using LossService.Formats.OpenInference;
using LossService.Formats.OpenInference.Http;
using LossService.Http;
using LossService.Requests;
using Microsoft.Extensions.Options;

namespace LossService.Hosting.Warming;

/// <summary>A request of the warm-up.</summary>
/// <param name="Message">Its bytes: HTTP/1.1, head and body.</param>
/// <param name="Answer">Answers it as the route of its path would.</param>
internal sealed record WarmUpRequest(byte[] Message, Func<HttpRequest, ValueTask<IResult>> Answer)
{
    private const int Rows = 32;
    private const int Classes = 10;

    /// <summary>
    /// Batches of 32×10: cross_entropy in JSON and as bytes, and one loss of each kind of formula. They have formats and a budget of their
    /// own, so they take no memory from the requests of clients and appear in no statistics.
    /// </summary>
    public static IReadOnlyList<WarmUpRequest> Create(IOptions<Limits> limits, ILoggerFactory loggers)
    {
        var admission = new Admission(limits);
        var scoring = new Scoring(new RequestValidator());
        var formats = new FormatCatalogue(scoring, admission, loggers);
        var oip = new OipFormat(scoring, admission, new OipStatistics());
        var labels = Numbers(Rows, row => row % Classes);
        var binary = Nested(position => position % 2);
        return
        [
            Json(formats, "cross_entropy", labels, "\"loss\""),
            Json(formats, "cross_entropy", labels, "\"loss\",\"gradient\""),
            Binary(oip, "cross_entropy"),
            Json(formats, "binary_cross_entropy", binary, "\"loss\",\"gradient\""),
            Json(formats, "focal", labels, "\"loss\",\"gradient\""),
            Json(formats, "dice", labels, "\"loss\",\"gradient\""),
        ];
    }

    private static WarmUpRequest Json(FormatCatalogue formats, string name, string labels, string outputs)
    {
        var loss = LossCatalogue.Find(name)!;
        var body = $$"""{"logits":{{Nested(Logit)}},"labels":{{labels}},"outputs":[{{outputs}}]}""";
        return new(
            Post($"/v1/losses/{name}", "Content-Type: application/json", Encoding.ASCII.GetBytes(body)),
            http => formats.AnswerAsync(loss, http));
    }

    private static WarmUpRequest Binary(OipFormat format, string name)
    {
        var loss = LossCatalogue.Find(name)!;
        float[] logits = [.. Enumerable.Range(0, Rows * Classes).Select(position => (float)Logit(position))];
        long[] labels = [.. Enumerable.Range(0, Rows).Select(row => (long)(row % Classes))];
        var header = Encoding.ASCII.GetBytes($$$"""
            {"inputs":[
            {"name":"logits","datatype":"FP32","shape":[{{{Rows}}},{{{Classes}}}],"parameters":{"binary_data_size":{{{4 * logits.Length}}}}},
            {"name":"labels","datatype":"INT64","shape":[{{{Rows}}}],"parameters":{"binary_data_size":{{{8 * labels.Length}}}}}],
            "outputs":[{"name":"loss","parameters":{"binary_data":true}},{"name":"gradient","parameters":{"binary_data":true}}]}
            """);
        byte[] body = [.. header, .. MemoryMarshal.AsBytes<float>(logits), .. MemoryMarshal.AsBytes<long>(labels)];
        return new(
            Post($"{OipHttp.Path}/models/{name}/infer", $"{OipHttp.HeaderLength}: {header.Length}", body),
            http => format.InferAsync(loss, http));
    }

    private static byte[] Post(string path, string header, byte[] body) =>
        [.. Encoding.ASCII.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: localhost\r\n{header}\r\nContent-Length: {body.Length}\r\n\r\n"), .. body];

    // from -2 to 2, with as many digits as a float32 has
    private static double Logit(int position) => Math.Round(2 * Math.Sin(position * position), 6);

    private static string Nested(Func<int, double> number) =>
        $"[{string.Join(',', Enumerable.Range(0, Rows).Select(row => Numbers(Classes, column => number(row * Classes + column))))}]";

    private static string Numbers(int count, Func<int, double> number) =>
        $"[{string.Join(',', Enumerable.Range(0, count).Select(position => number(position).ToString(CultureInfo.InvariantCulture)))}]";
}
