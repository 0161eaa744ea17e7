using System.Text.Json;

namespace LossService;

/// <summary>The snake_case names on the wire of an enumeration's values.</summary>
/// <typeparam name="T">The enumeration.</typeparam>
public sealed class Names<T> where T : struct, Enum
{
    private readonly Dictionary<string, T> _values = Enum.GetValues<T>()
        .Where(value => !(IsFlags && Convert.ToInt32(value, null) == 0))
        .ToDictionary(WireName.Of);

    private static bool IsFlags => typeof(T).IsDefined(typeof(FlagsAttribute), false);

    /// <summary>All names, in order.</summary>
    public IReadOnlyCollection<string> All => _values.Keys;

    /// <summary>The value of a name.</summary>
    public bool TryFind(string name, out T value) => _values.TryGetValue(name, out value);
}

/// <summary>Names in code and on the wire.</summary>
public static class WireName
{
    /// <summary>The snake_case name of an enumeration's value.</summary>
    public static string Of<T>(T value) where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
