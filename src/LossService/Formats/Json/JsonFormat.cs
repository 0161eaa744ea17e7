using System.Net.Mime;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Formats.Numbers;
using LossService.Http;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.Json;

/// <summary>JSON: the body is one batch, the response its scores.</summary>
internal sealed class JsonFormat(Scoring scoring, Admission admission) : BatchFormat<JsonRequest>(scoring, admission)
{
    /// <summary>What may be large, and holds floats: predictions, and those of a teacher.</summary>
    private static readonly string[] Predictions =
    [
        .. Enum.GetValues<PredictionForm>().Select(form => form.Name()),
        .. Enum.GetValues<TargetForm>().Where(form => form.IsTeacher()).Select(form => form.Name()),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<BodyType> Reads { get; } = [new(MediaTypeNames.Application.Json, BodyContent.Json) { Charset = "utf-8" }];

    /// <inheritdoc/>
    public override IReadOnlyList<BodyType> Writes => Reads;

    /// <inheritdoc/>
    public override bool HasSeveral => true;

    /// <inheritdoc/>
    public override string NameOf(HttpRequest http) => "json";

    /// <inheritdoc/>
    protected override ReadAhead NewReadAhead(MemoryBudget memory) => new(Predictions, memory);

    /// <inheritdoc/>
    protected override Result<JsonRequest> Read(
        Loss? loss, RequestBody body, ReadAhead? ahead, HttpRequest http, Allowance allowance)
    {
        using (body) return JsonRequest.Read(loss, body, allowance, ahead);
    }

    /// <inheritdoc/>
    protected override ValueTask WriteAsync(JsonRequest request, ScoreSet scores, HttpResponse response, ResponseWriter body) =>
        request.WriteAsync(scores, body, null, response.HttpContext.RequestAborted);
}
