namespace LossService.Core.Options;

/// <summary>An option with the value given for it.</summary>
/// <param name="Option">The option.</param>
public abstract record OptionValue(Option Option);

/// <summary>An option with the value given for it.</summary>
/// <typeparam name="T">The type of the value; see <see cref="Option{T}"/>.</typeparam>
/// <param name="Key">The option.</param>
/// <param name="Value">The value; whether it lies in the option's range is checked when the batch is scored.</param>
public sealed record OptionValue<T>(Option<T> Key, T Value) : OptionValue(Key);
