using System.Globalization;

namespace LossService.Core.Validation;

/// <summary>Numbers in messages.</summary>
internal static class NumberText
{
    /// <summary>The shortest text that reads back as the number: <c>2.2</c>, <c>1e-20</c>.</summary>
    public static string Format(double value) => value switch
    {
        double.PositiveInfinity => "Infinity",
        double.NegativeInfinity => "-Infinity",
        _ => value.ToString("R", CultureInfo.InvariantCulture).Replace("E+", "e", StringComparison.Ordinal).Replace('E', 'e'),
    };
}
