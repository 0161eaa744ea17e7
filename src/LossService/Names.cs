using System.Text.Json;

namespace LossService;

/// <summary>The snake_case names on the wire of an enumeration's values.</summary>
/// <typeparam name="T">The enumeration.</typeparam>
public sealed class Names<T> where T : struct, Enum
{
    // arrays of a few, and no LINQ: what is generic over an enumeration is compiled anew for each, when the service starts
    private readonly T[] _values = Enum.GetValues<T>();
    private readonly string[] _names;

    /// <summary>Names all values; of a set of flags, all but the empty one.</summary>
    public Names()
    {
        // values are sorted
        if (typeof(T).IsDefined(typeof(FlagsAttribute), false) && Convert.ToInt32(_values[0], null) == 0) _values = _values[1..];
        _names = new string[_values.Length];
        for (var i = 0; i < _names.Length; i++) _names[i] = WireName.Of(_values[i]);
    }

    /// <summary>All names, in order.</summary>
    public IReadOnlyCollection<string> All => _names;

    /// <summary>The value of a name.</summary>
    public bool TryFind(string name, out T value)
    {
        var index = Array.IndexOf(_names, name);
        value = index < 0 ? default : _values[index];
        return index >= 0;
    }
}

/// <summary>Names in code and on the wire.</summary>
public static class WireName
{
    /// <summary>The snake_case name of an enumeration's value.</summary>
    public static string Of<T>(T value) where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
