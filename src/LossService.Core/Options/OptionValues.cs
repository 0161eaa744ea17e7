namespace LossService.Core.Options;

/// <summary>The options posted with a batch; what is not posted has its default.</summary>
public sealed class OptionValues
{
    /// <summary>No option posted.</summary>
    public static OptionValues None { get; } = new(new Dictionary<string, object?>());

    private readonly IReadOnlyDictionary<string, object?> _values;

    /// <summary>Options by their names, each of its option's type.</summary>
    public OptionValues(IReadOnlyDictionary<string, object?> values) => _values = values;

    /// <summary>The posted names.</summary>
    public IEnumerable<string> Names => _values.Keys;

    /// <summary>Whether the option was posted.</summary>
    public bool Has(Option option) => _values.ContainsKey(option.Name);

    /// <summary>The posted value, or the default.</summary>
    public T Get<T>(Option<T> option) => _values.TryGetValue(option.Name, out var value) ? (T)value! : option.Default;

    /// <summary>The posted value, or the default, of whatever type.</summary>
    public object? Get(Option option) => _values.TryGetValue(option.Name, out var value) ? value : option.DefaultValue;
}
