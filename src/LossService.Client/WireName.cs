using System.Collections.Concurrent;
using System.Text.Json;

namespace LossService.Client;

/// <summary>The names in the service's JSON.</summary>
internal static class WireName
{
    private static readonly ConcurrentDictionary<string, string> Known = new();

    /// <summary>The snake_case name of a property, or of an enumeration's value.</summary>
    public static string Of(string name) => Known.GetOrAdd(name, static name => JsonNamingPolicy.SnakeCaseLower.ConvertName(name));
}
