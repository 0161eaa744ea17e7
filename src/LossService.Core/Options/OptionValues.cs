namespace LossService.Core.Options;

/// <summary>The options given with a batch, found by the option itself. An option that is not given has its default.</summary>
public sealed class OptionValues
{
    // a batch has few, so a list is faster than a dictionary, and none needs no list
    private List<OptionValue>? _given;

    /// <summary>The values given, in the order of their setting.</summary>
    public IReadOnlyList<OptionValue> Given => _given ?? (IReadOnlyList<OptionValue>)[];

    /// <summary>Whether the option was given.</summary>
    public bool Has(Option option) => Find(option) is not null;

    /// <summary>The given value, or the option's default.</summary>
    public T Get<T>(Option<T> option) => Find(option) is OptionValue<T> given ? given.Value : option.Default;

    /// <summary>Sets an option; a value set before is replaced.</summary>
    /// <returns>This object, so that calls can be chained.</returns>
    public OptionValues Set<T>(Option<T> option, T value)
    {
        _given ??= [];
        var entry = new OptionValue<T>(option, value);
        var index = _given.FindIndex(given => ReferenceEquals(given.Option, option));
        if (index < 0) _given.Add(entry);
        else _given[index] = entry;
        return this;
    }

    /// <summary>Sets an option of any form to a number.</summary>
    /// <returns>False where the option takes no such value.</returns>
    public bool TrySet(Option option, double number)
    {
        switch (option)
        {
            case Option<double> plain: Set(plain, number); return true;
            case Option<double?> plain: Set(plain, number); return true;
            case Option<double[]?> { Form: OptionForm.NumberOrPerClass } plain: Set(plain, [number]); return true;
            default: return false;
        }
    }

    /// <inheritdoc cref="TrySet(Option, double)"/>
    public bool TrySet(Option option, long integer)
    {
        switch (option)
        {
            case Option<int> plain when integer is >= int.MinValue and <= int.MaxValue: Set(plain, (int)integer); return true;
            case Option<long[]?> list: Set(list, [integer]); return true;
            default: return TrySet(option, (double)integer);
        }
    }

    /// <summary>Sets an option of any form to a truth value.</summary>
    /// <inheritdoc cref="TrySet(Option, double)"/>
    public bool TrySet(Option option, bool value)
    {
        if (option is not Option<bool> flag) return false;
        Set(flag, value);
        return true;
    }

    /// <summary>Sets an option of any form to a list of numbers.</summary>
    /// <inheritdoc cref="TrySet(Option, double)"/>
    public bool TrySet(Option option, double[] numbers)
    {
        if (option is not Option<double[]?> list) return false;
        Set(list, numbers);
        return true;
    }

    /// <summary>Sets an option of any form to a list of integers.</summary>
    /// <inheritdoc cref="TrySet(Option, double)"/>
    public bool TrySet(Option option, long[] integers)
    {
        if (option is not Option<long[]?> list) return false;
        Set(list, integers);
        return true;
    }

    /// <summary>Sets an option of any form to a word; <see cref="Option.None"/> turns off what the default turns on.</summary>
    /// <inheritdoc cref="TrySet(Option, double)"/>
    public bool TrySet(Option option, string word)
    {
        switch (option)
        {
            case Option<string> choice when choice.Choices.Contains(word): Set(choice, word); return true;
            case Option<double?> { TakesNone: true } number when word == Option.None: Set(number, null); return true;
            default: return false;
        }
    }

    private OptionValue? Find(Option option)
    {
        if (_given is null) return null;
        foreach (var given in _given)
            if (ReferenceEquals(given.Option, option)) return given;
        return null;
    }
}
