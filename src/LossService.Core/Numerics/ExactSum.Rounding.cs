using System.Numerics;

namespace LossService.Core.Numerics;

/// <content>From digits to the nearest double.</content>
internal sealed partial class ExactSum
{
    private static double RoundMagnitude(ReadOnlySpan<long> digits, int exponent)
    {
        var top = digits.LastIndexOfAnyExcept(0L);
        if (top < 0) return 0;
        var highest = 32 * top + BitOperations.Log2((ulong)digits[top]);
        if (highest + MinExponent + exponent >= 1024) return double.PositiveInfinity;

        // a double has 53 bits, but none below 2⁻¹⁰⁷⁴
        var lowest = Math.Max(highest - 52, -1074 - MinExponent - exponent);
        var significand = BitsFrom(digits, lowest);
        var half = (BitsFrom(digits, lowest - 1) & 1) != 0;
        if (half && ((significand & 1) != 0 || AnyBelow(digits, lowest - 1))) significand++;
        return Math.ScaleB(significand, lowest + MinExponent + exponent);
    }

    /// <summary>The bits at and above a position, of which there are at most 64.</summary>
    private static ulong BitsFrom(ReadOnlySpan<long> digits, int position)
    {
        var (chunk, shift) = (position >> 5, position & 31);
        return ((ulong)digits[chunk] >> shift)
            | ((ulong)digits[chunk + 1] << (32 - shift))
            | ((ulong)digits[chunk + 2] << (32 - shift) << 32);
    }

    private static bool AnyBelow(ReadOnlySpan<long> digits, int position) =>
        digits[..(position >> 5)].ContainsAnyExcept(0L)
        || (digits[position >> 5] & ((1L << (position & 31)) - 1)) != 0;
}
