using System.Globalization;

namespace LossService.Tests.Golden;

/// <summary>
/// How far a number is from the exact result, counted in representable numbers: 0 = the result correctly rounded, 1 = a
/// neighbour of that. The framework rounds a decimal of any length correctly, so nothing is lost on the way.
/// </summary>
internal static class Distance
{
    /// <summary>Float64 numbers between <paramref name="actual"/> and the exact result, rounded.</summary>
    public static ulong Of(double actual, string exact) =>
        Between(actual, double.Parse(exact, CultureInfo.InvariantCulture), BitConverter.DoubleToInt64Bits, long.MinValue);

    /// <summary>Float32 numbers between <paramref name="actual"/> and the exact result, rounded.</summary>
    public static ulong Of(float actual, string exact) =>
        Between(actual, float.Parse(exact, CultureInfo.InvariantCulture), number => BitConverter.SingleToInt32Bits(number), int.MinValue);

    /// <summary>Of the double nearest to the exact result.</summary>
    public static double Rounded(string exact) => double.Parse(exact, CultureInfo.InvariantCulture);

    private static ulong Between<T>(T actual, T expected, Func<T, long> bits, long sign) where T : System.Numerics.IFloatingPointIeee754<T>
    {
        if (T.IsNaN(actual) || T.IsNaN(expected)) return ulong.MaxValue;
        // negative numbers are ordered by their magnitudes: turned over, all are in order, and the two zeros are one
        var (a, b) = (Order(bits(actual)), Order(bits(expected)));
        return a > b ? (ulong)a - (ulong)b : (ulong)b - (ulong)a;

        long Order(long number) => number < 0 ? sign - number : number;
    }
}
