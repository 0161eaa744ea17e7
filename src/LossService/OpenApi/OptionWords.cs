using System.Globalization;
using LossService.Core.Options;

namespace LossService.OpenApi;

/// <summary>What an option takes, in words for people.</summary>
internal static class OptionWords
{
    /// <summary>What may be posted, and the default: <c>a number from 0 to 1; 0</c>, <c>a number for each class; off</c>.</summary>
    public static string Of(Option option) => $"{Range(option)}; {Default(option)}";

    /// <summary>What may be posted.</summary>
    public static string Range(Option option) => option.Form switch
    {
        OptionForm.Integers => $"{option.Range}, or a list",
        OptionForm.PerClass => $"{option.Range} for each class",
        OptionForm.NumberOrPerClass => $"{option.Range}, or one for each class",
        _ => option.Range,
    } + (option.Nullable ? " or null" : "");

    /// <summary>What holds when nothing is posted.</summary>
    public static string Default(Option option) => option.DefaultValue switch
    {
        null => "off",
        IFormattable number => "default " + number.ToString(null, CultureInfo.InvariantCulture),
        var word => $"default {word}",
    };
}
