using System.Globalization;

namespace LossService.Core.Numerics;

/// <summary>Numbers in messages.</summary>
internal static class NumberText
{
    /// <summary>The shortest text that reads back as the number: <c>2.2</c>, <c>1e-20</c>; with G7 that of seven digits.</summary>
    public static string Format(double value, string digits = "R") => value switch
    {
        double.PositiveInfinity => "Infinity",
        double.NegativeInfinity => "-Infinity",
        _ => value.ToString(digits, CultureInfo.InvariantCulture).Replace("E+", "e", StringComparison.Ordinal)
            .Replace("E-0", "e-", StringComparison.Ordinal).Replace('E', 'e'),
    };
}
