using System.Text.Json;

namespace LossService.Requests;

/// <summary>Names in code and on the wire.</summary>
public static class WireName
{
    /// <summary>The snake_case name of an enumeration's value.</summary>
    public static string Of<T>(T value) where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
