using System.Globalization;
using LossService.Core.Options;

namespace LossService.OpenApi;

/// <summary>What an option takes, in words for people.</summary>
internal static class OptionWords
{
    /// <summary>What may be posted, and the default: <c>a number from 0 to 1; default 0</c>.</summary>
    public static string Describe(Option option) => $"{option.Accepts}; {DescribeDefault(option)}";

    /// <summary>What holds when nothing is posted.</summary>
    public static string DescribeDefault(Option option) => option.DefaultValue switch
    {
        null => "off",
        IFormattable number => "default " + number.ToString(null, CultureInfo.InvariantCulture),
        var word => $"default {word}",
    };
}
