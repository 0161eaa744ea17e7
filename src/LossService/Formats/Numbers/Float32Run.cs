using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Formats.Numbers;

/// <summary>Reads float32 with commas between them, eight at a time.</summary>
/// <remarks>
/// <see cref="NumberReader.TryReadCommon"/> needs some 90 instructions a number, of which half turn its digits into a float. Here the
/// digits of eight numbers are found one after another and turned into floats together, in the same way: one sum of digits, one division
/// by an exact power of ten, one rounding. Of a number with more than sixteen characters it reads the first sixteen. A number is left to
/// others where the rounding is not certain.
/// </remarks>
internal static unsafe class Float32Run
{
    private const int Count = 8;

    // The quotient is off by at most half a unit of float64 for each of two roundings. Sixteen characters of more have at least 14
    // digits from the first that is not 0; without the rest the number is off by less than 10^-13, which is at most 901 units. If the
    // quotient is farther from a midpoint of two float32, it is on the decimal's side of it.
    private const ulong Margin = 1024;
    private const ulong Below = (1ul << 29) - 1; // the fraction bits that a float64 has and a float32 has not
    private const ulong Midpoint = 1ul << 28;

    // its bits | an integer below 2^52 is the sum of both
    private const double Integers = 1L << 52;

    /// <summary>Reads numbers until the row ends or one is not common.</summary>
    /// <param name="text">The first number.</param>
    /// <param name="end">Where no number begins any more; 48 bytes after it must be readable.</param>
    /// <param name="next">Takes the numbers, and is advanced by them.</param>
    /// <param name="limit">The end of the memory for numbers.</param>
    /// <returns>The end of the last number; null where none was read.</returns>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static byte* TryRead(byte* text, byte* end, float** next, float* limit)
    {
        var digits = stackalloc Vector128<byte>[Count];
        var scales = stackalloc double[Count];
        var places = DigitPlaces.Table;
        fixed (double* powers = ExactPowers.WithSigns)
        {
            // what is left in lanes without a number must not be subnormal, with which a division takes a hundred cycles
            Vector256.Create(1.0).Store(scales);
            Vector256.Create(1.0).Store(scales + 4);

            var to = *next;
            byte* after = null;
            for (nuint wanted = Count; limit - to >= Count && wanted > 0;)
            {
                var read = Find(text, end, wanted, places, powers, digits, scales, out var count);
                if (count == 0) break;
                var doubt = Convert(digits, scales, to) & ((1u << count) - 1);
                if (doubt != 0)
                {
                    // again without the uncertain one and those behind it
                    wanted = uint.TrailingZeroCount(doubt);
                    continue;
                }
                to += count;
                after = read;
                if (count < Count || *read != ',') break;
                text = read + 1;
                if (*text == ' ') text++;
            }
            *next = to;
            return after;
        }
    }

    // finds the digits of up to eight numbers, and returns the end of the last
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Find(
        byte* text, byte* end, nuint wanted, byte* places, double* powers, Vector128<byte>* digits, double* scales, out int count)
    {
        byte* last = null;
        nuint found = 0;
        while (text < end)
        {
            nuint negative = Branchless.ToBit(*text == '-');
            var first = text + negative;
            var stops = DigitVector.NonDigits(text) >> (int)negative;
            var whole = uint.TrailingZeroCount(stops);
            var length = whole;
            var fraction = 0u;
            if (first[whole] == '.')
            {
                length = uint.TrailingZeroCount(stops & (stops - 1));
                fraction = length - whole - 1;
                if (fraction == 0) break;
            }
            if (whole != 1 && (whole == 0 || *first == '0')) break;
            var after = first + length;
            if (length > DigitPlaces.MaxLength)
            {
                if (length >= DigitVector.Window - 1 || whole >= DigitPlaces.MaxLength) break;
                if (((*first ^ '0') | (first[2] ^ '0')) == 0)
                {
                    // 0.0123 has no digit to lose; whether a number begins with 0 is as good as random, with 0.0 it is not
                    if (first[3] == '0' && first[4] == '0') break;
                    first += 2;
                    whole = length = fraction = uint.Min(length - 2, DigitPlaces.MaxLength);
                }
                else
                {
                    length = DigitPlaces.MaxLength;
                    fraction = length - whole - 1;
                }
            }
            if (*after != ',' && (*after | 0x20) == 'e')
            {
                after = TrySkipExponent(after, ref fraction);
                if (fraction > ExactPowers.MaxPower) break;
            }
            digits[found] = Vector128.ShuffleNative(Vector128.Load(first), Vector128.Load(places + DigitPlaces.At(whole, length)));
            scales[found] = powers[fraction + negative * (ExactPowers.MaxPower + 1)];
            last = after;
            if (++found == wanted || *after != ',') break;
            text = after + 1;
            if (*text == ' ') text++;
        }
        count = (int)found;
        return last;
    }

    // adds the one or two digits after e-; for others the fraction is more than any power
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* TrySkipExponent(byte* text, ref uint fraction)
    {
        const uint None = 1000;
        var first = text[2] - (uint)'0';
        var second = text[3] - (uint)'0';
        if (text[1] != '-' || first > 9 || (second <= 9 && text[4] - (uint)'0' <= 9)) first = None;
        fraction += second > 9 ? first : first * 10 + second;
        return text + (second > 9 ? 3 : 4);
    }

    // returns, as bits, the lanes whose rounding is not certain
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Convert(Vector128<byte>* digits, double* scales, float* to)
    {
        var lower = Divide(digits, scales);
        var upper = Divide(digits + 4, scales + 4);
        Vector256.Narrow(lower, upper).Store(to);
        return FindDoubt(lower) | (FindDoubt(upper) << 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Divide(Vector128<byte>* digits, double* scales)
    {
        // characters → digits: the lower four bits, of what is not a digit as well
        var lowBits = Vector256.Create((byte)0x0F);
        var halves = DigitVector.ToHalves(
            Vector256.Create(digits[0], digits[2]) & lowBits, Vector256.Create(digits[1], digits[3]) & lowBits);
        var integers = Vector256.Create(Integers);
        var upper = ((halves & Vector256.Create((ulong)uint.MaxValue)) | integers.AsUInt64()).AsDouble() - integers;
        var lower = ((halves >> 32) | integers.AsUInt64()).AsDouble() - integers;
        return (upper * 100_000_000 + lower) / Vector256.Create(scales[0], scales[1], scales[2], scales[3]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint FindDoubt(Vector256<double> quotients)
    {
        var distance = (quotients.AsUInt64() + Vector256.Create(Midpoint + Margin)) & Vector256.Create(Below);
        return Vector256.LessThan(distance.AsInt64(), Vector256.Create((long)(2 * Margin + 1))).ExtractMostSignificantBits();
    }
}
