using System.Text.Json;

namespace LossService.Client.Wire;

/// <summary>Scores as the service's JSON has them, tensors as base64.</summary>
internal static class ScoresJson
{
    /// <summary>Reads the scores of a batch.</summary>
    public static LossScores Read(JsonElement json)
    {
        var tensors = json.EnumerateObject()
            .Where(member => member.Value.ValueKind == JsonValueKind.Object && member.Value.TryGetProperty("dtype", out _))
            .ToDictionary(member => member.Name, member => JsonValues.GetTensor(member.Value));
        var hasLoss = json.TryGetProperty(OutputNames.Loss, out _);
        return new LossScores(
            (hasLoss, JsonValues.GetNumber(json, OutputNames.Loss)), tensors, JsonMetrics.Read(json), JsonValues.GetTotals(json))
        {
            Id = GetId(json),
            Notices = GetNotices(json),
        };
    }

    /// <summary>Reads the scores of several losses.</summary>
    public static LossScoreSet ReadSet(JsonElement json) => new(
        json.GetProperty("losses").EnumerateObject().ToDictionary(loss => loss.Name, loss => Read(loss.Value)))
    {
        Id = GetId(json),
        Notices = GetNotices(json),
        Combined = !json.TryGetProperty("combined", out var combined) ? null : new(
            JsonValues.GetNumber(combined, OutputNames.Loss), GetTensor(combined, OutputNames.Gradient),
            GetTensor(combined, OutputNames.Hessian)),
    };

    private static LossTensor? GetTensor(JsonElement json, string name) =>
        json.TryGetProperty(name, out var tensor) ? JsonValues.GetTensor(tensor) : null;

    private static string? GetId(JsonElement json) => json.TryGetProperty("id", out var id) ? id.GetString() : null;

    private static string? GetNotices(JsonElement json) => json.TryGetProperty("notices", out var notices)
        ? string.Join(". ", notices.EnumerateArray().Select(notice => notice.GetProperty("detail").GetString())) : null;
}
