using System.Globalization;
using System.Text.Json;

namespace LossService.Client.Wire;

/// <summary>Values of the service's JSON.</summary>
internal static class JsonValues
{
    /// <summary>A number; those that are not finite are strings. Null where the member is null or absent.</summary>
    public static double? GetNumber(JsonElement json, string name) => !json.TryGetProperty(name, out var value) ? null
        : value.ValueKind switch
        {
            JsonValueKind.Null => null,
            JsonValueKind.String => double.Parse(value.GetString()!, CultureInfo.InvariantCulture),
            _ => value.GetDouble(),
        };

    /// <summary>Totals of a batch or of a stream.</summary>
    public static LossTotals GetTotals(JsonElement json)
    {
        var totals = json.GetProperty("totals");
        return new(
            totals.GetProperty("samples").GetInt64(), GetNumber(totals, "weight") ?? 0, GetNumber(totals, "loss") ?? 0);
    }

    /// <summary>A tensor whose bytes are base64.</summary>
    public static LossTensor GetTensor(JsonElement json)
    {
        nint[] shape = [.. json.GetProperty("shape").EnumerateArray().Select(axis => (nint)axis.GetInt64())];
        var tensor = LossTensor.Receive(ElementTypes.Parse(json.GetProperty("dtype").GetString()), shape, out var memory);
        var bytes = json.GetProperty("data").GetBytesFromBase64();
        if (bytes.Length != memory.Length) throw new FormatException($"a tensor has {bytes.Length} bytes in place of {memory.Length}");
        bytes.CopyTo(memory);
        return tensor;
    }
}
