using System.Globalization;
using LossService.Core.Options;

namespace LossService.OpenApi;

/// <summary>The range and default of an option in words.</summary>
internal static class OptionWords
{
    /// <summary>The allowed values and the default: <c>a number from 0 to 1; default 0</c>.</summary>
    public static string Describe(Option option) => $"{option.Accepts}; {DescribeDefault(option)}";

    /// <summary>The value if the option is not posted.</summary>
    public static string DescribeDefault(Option option) => option.DefaultValue switch
    {
        null => "off",
        bool flag => flag ? "default true" : "default false",
        IFormattable number => "default " + number.ToString(null, CultureInfo.InvariantCulture),
        var word => $"default {word}",
    };
}
