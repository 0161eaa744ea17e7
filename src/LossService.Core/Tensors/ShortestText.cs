using System.Globalization;

namespace LossService.Core.Tensors;

/// <summary>The shortest decimal that reads back as the same float, for error messages: simple and slow.</summary>
/// <remarks>Not <c>ToString("R")</c>: there is none for bfloat16, and .NET 10.0.12 writes 2^-958 with a digit too few.</remarks>
internal static class ShortestText
{
    // the power of ten of the first digit in a plain decimal; others have an exponent
    private const int MinPlain = -5, MaxPlain = 9;

    /// <summary>Plain from 1e-5 to below 1e10, else as <c>1.5e10</c>; <c>NaN</c>, <c>Infinity</c>, <c>-Infinity</c>.</summary>
    /// <param name="value">The value.</param>
    /// <param name="read">Reads a decimal as the value's dtype does.</param>
    public static string Write(double value, Func<string, double> read)
    {
        if (!double.IsFinite(value)) return value.ToString(CultureInfo.InvariantCulture);
        var sign = double.IsNegative(value) ? "-" : "";
        var magnitude = Math.Abs(value);
        if (magnitude == 0) return sign + "0";
        for (var count = 1; ; count++)
        {
            var (digits, exponent) = Round(magnitude, count);
            // floats below a power of two lie twice as close: the nearest decimal may be too far below it, the next one near enough
            for (var candidate = digits; candidate <= digits + 1; candidate++)
                if (read(string.Create(CultureInfo.InvariantCulture, $"{candidate}E{exponent}")) == magnitude)
                    return sign + LayOut(candidate.ToString(CultureInfo.InvariantCulture), exponent);
        }
    }

    /// <summary>The nearest decimal of <paramref name="count"/> digits: digits · 10^exponent.</summary>
    private static (long Digits, int Exponent) Round(double magnitude, int count)
    {
        var text = magnitude.ToString(string.Create(CultureInfo.InvariantCulture, $"E{count - 1}"), CultureInfo.InvariantCulture);
        var e = text.IndexOf('E', StringComparison.Ordinal);
        var digits = long.Parse(text[..e].Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        return (digits, int.Parse(text[(e + 1)..], CultureInfo.InvariantCulture) - (count - 1));
    }

    private static string LayOut(string digits, int exponent)
    {
        var power = exponent + digits.Length - 1;
        if (power is < MinPlain or > MaxPlain)
        {
            var fraction = digits.Length == 1 ? "" : "." + digits[1..];
            return string.Create(CultureInfo.InvariantCulture, $"{digits[0]}{fraction}e{power}");
        }
        if (power < 0) return "0." + new string('0', -power - 1) + digits;
        return exponent >= 0 ? digits + new string('0', exponent) : digits.Insert(power + 1, ".");
    }
}
