namespace LossService.Requests;

/// <summary>The snake_case names on the wire of an enumeration's values.</summary>
/// <typeparam name="T">The enumeration.</typeparam>
public sealed class WireNames<T> where T : struct, Enum
{
    // arrays of a few, and no LINQ: what is generic over an enumeration is compiled anew for each, when the service starts
    private readonly T[] _values = Enum.GetValues<T>();
    private readonly string[] _names;

    /// <summary>Names all values; of a set of flags, all but the empty one.</summary>
    public WireNames()
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
