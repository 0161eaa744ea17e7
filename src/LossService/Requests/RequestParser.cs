using System.Text.Json;
using LossService.Core.Losses;
using LossService.Problems;

namespace LossService.Requests;

/// <summary>Reads the fields of a request for one loss, or for several, from JSON.</summary>
internal static class RequestParser
{
    private static readonly string[] Shared = [.. Fields.Tensors, .. Fields.HeaderOfSeveral];

    /// <inheritdoc cref="HeaderParser.TryReadField"/>
    public static bool TryReadField(string name, ref Utf8JsonReader json, ScoreRequest request)
    {
        if (!request.Header.Contains(name)) return false;
        if (name is not (Fields.Losses or Fields.Combined)) return HeaderParser.TryReadField(name, ref json, request);
        if (json.TokenType == JsonTokenType.Null) return true;
        if (name == Fields.Losses) EntryParser.Read(ref json, request);
        else if (json.TokenType is JsonTokenType.True or JsonTokenType.False) request.IsCombined = json.GetBoolean();
        else request.Errors.Add(new(name), $"expected true or false, got {JsonTexts.Describe(ref json)}");
        return true;
    }

    /// <summary>What to say of a field that the request does not have.</summary>
    public static string DescribeUnknown(string name, ScoreRequest request)
    {
        if (!request.HasSeveral) return HeaderParser.DescribeUnknown(name, request.Loss);
        if (name is Fields.Weight or Fields.LabelsFrom or Fields.Unit || LossCatalogue.All.Any(loss => loss.FindOption(name) is not null))
            return $"{name} belongs to one loss; write it in the loss's entry of {Fields.Losses}";
        return $"unknown field {ClientText.Quote(name)}"
            + (ForeignWords.FindField(name, null) is { } hint ? $"; {hint}" : Nearest.Suggest(name, Shared));
    }
}
