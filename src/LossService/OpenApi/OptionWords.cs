using System.Globalization;
using LossService.Core.Options;

namespace LossService.OpenApi;

/// <summary>The range and default of an option in words.</summary>
internal static class OptionWords
{
    /// <summary>The allowed values and the default: <c>a number from 0 to 1; 0</c>, <c>a number for each class; off</c>.</summary>
    public static string Of(Option option) => $"{Range(option)}; {Default(option)}";

    /// <summary>The allowed values.</summary>
    public static string Range(Option option) => option.Form switch
    {
        OptionForm.Integers => $"{option.Range}, or a list",
        OptionForm.PerClass => $"{option.Range} for each class",
        OptionForm.NumberOrPerClass => $"{option.Range}, or one for each class",
        _ => option.Range,
    } + (option.Nullable ? " or null" : "");

    /// <summary>The value if the option is not posted.</summary>
    public static string Default(Option option) => option.DefaultValue switch
    {
        null => "off",
        IFormattable number => "default " + number.ToString(null, CultureInfo.InvariantCulture),
        var word => $"default {word}",
    };
}
