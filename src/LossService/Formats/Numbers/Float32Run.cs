using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Formats.Numbers;

/// <summary>Reads float32 with commas between them, eight at a time.</summary>
/// <remarks>
/// <see cref="NumberReader.TryReadCommon"/> needs some 90 instructions a number, of which half turn its digits into a float. Here the
/// digits of eight numbers are found one after another and turned into floats together, in the same way: one sum of digits, one division
/// by an exact power of ten, one rounding. Which of 64 bytes are no digits is found for four numbers at once: where a number ends then
/// takes a few shifts, and no load that depends on the end of the number before it. Of a number with more than sixteen characters it reads
/// the first sixteen. A number is left to others where the rounding is not certain.
/// </remarks>
internal static unsafe class Float32Run
{
    private const int Count = 8, Element = sizeof(double);

    // with its sign, an exponent, a comma and a space
    private const int Longest = DigitVector.Window + 5;

    // what is read behind the first character of a number, beyond the slack
    private const int Behind = 6;

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
    /// <param name="end">Where no number begins any more; <see cref="NumberArrayReader.Slack"/> bytes after it must be
    /// readable.</param>
    /// <param name="next">Takes the numbers, and is advanced by them.</param>
    /// <param name="limit">The end of the memory for numbers.</param>
    /// <returns>The end of the last number; null where none was read.</returns>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static byte* TryRead(byte* text, byte* end, float** next, float* limit)
    {
        var digits = stackalloc Vector128<byte>[Count];
        var divisors = stackalloc double[Count];
        var forms = NumberForms.Table;
        // what is left in lanes without a number must not be subnormal, with which a division takes a hundred cycles
        Vector256.Create(1.0).Store(divisors);
        Vector256.Create(1.0).Store(divisors + 4);

        var to = *next;
        byte* after = null;
        while (limit - to >= Count && end - text > Behind)
        {
            nuint wanted = Count * Element;
            // each begins before the end
            if (end - text - Behind < Count * Longest) wanted = ((nuint)(end - text - Behind) + Longest - 1) / Longest * Element;
            var read = Find(text, wanted, forms, digits, divisors, out var found);
            if (found == 0) break;
            var count = (int)(found / Element);
            var doubt = Convert(digits, divisors, to) & ((1u << count) - 1);
            if (doubt != 0)
            {
                // the end of those before the first uncertain one
                count = (int)uint.TrailingZeroCount(doubt);
                if (count == 0) break;
                after = Find(text, (nuint)count * Element, forms, digits, divisors, out _);
                to += count;
                break;
            }
            to += count;
            after = read;
            if (found < wanted || *read != ',') break;
            text = read + 1;
            if (*text == ' ') text++;
        }
        *next = to;
        return after;
    }

    // finds the digits of up to eight numbers, and returns the end of the last; both counts are bytes of divisors
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Find(byte* text, nuint wanted, byte* forms, Vector128<byte>* digits, double* divisors, out nuint found)
    {
        byte* last = null;
        byte* seen, digit, form, after;
        found = 0;
    Look:
        seen = text;
        var stops = DigitVector.NonDigits(text) | (ulong)DigitVector.NonDigits(text + DigitVector.Window) << DigitVector.Window;
        while (true)
        {
            // from the bits, since a load would make this number wait for the end of the one before it
            var negative = stops & 1;
            var first = text + negative;
            stops >>= (int)negative;
            if (negative != Branchless.ToBit(*text == '-')) goto Beyond;
            var whole = (nuint)ulong.TrailingZeroCount(stops);
            var length = whole;
            if (first[whole] == '.') length = (nuint)ulong.TrailingZeroCount(stops & (stops - 1));
            if (length > NumberForms.MaxLength) goto Long;
            if (whole > 1 && *first == '0') break;
            digit = first;
            form = forms + NumberForms.At(whole, length);
        Found:
            *(Vector128<byte>*)((byte*)digits + 2 * found) = Vector128.ShuffleNative(Vector128.Load(digit), Vector128.Load(form));
            *(ulong*)((byte*)divisors + found) = *(ulong*)(form + NumberForms.Divisor) ^ (negative << 63);
            found += Element;
            after = first + length;
            if (*after != ',') goto Exponent;
        Next:
            last = after;
            text = after + 1;
            stops >>= (int)(length + 1);
            if (*text == ' ')
            {
                text++;
                stops >>= 1;
            }
            if (found == wanted) break;
            if ((found & (3 * Element)) == 0) goto Look;
            continue;

        Exponent:
            if ((*after | 0x20) == 'e')
            {
                var fraction = whole == length ? 0 : (uint)(length - whole - 1);
                after = TrySkipExponent(after, ref fraction);
                if (fraction > ExactPowers.MaxPower || whole == 0 || length == whole + 1)
                {
                    found -= Element;
                    break;
                }
                var power = (int)(fraction + (uint)negative * (ExactPowers.MaxPower + 1));
                *(double*)((byte*)divisors + found - Element) = ExactPowers.WithSigns[power];
                length = (nuint)(after - first);
                if (*after == ',') goto Next;
            }
            last = after;
            break;

        Long:
            if (length >= DigitVector.Window - 1) goto Beyond;
            if ((whole > 1 && *first == '0') || whole >= NumberForms.MaxLength) break;
            if (((*first ^ '0') | (first[2] ^ '0')) == 0)
            {
                // 0.0123 has no digit to lose; whether a number begins with 0 is as good as random, with 0.0 it is not
                if (first[3] == '0' && first[4] == '0') break;
                var places = nuint.Min(length - 2, NumberForms.MaxLength);
                digit = first + 2;
                form = forms + NumberForms.OfFraction(places);
                whole = length - places - 1;
            }
            else
            {
                digit = first;
                form = forms + NumberForms.At(whole, NumberForms.MaxLength);
                // as many digits behind the point as are read
                whole += length - NumberForms.MaxLength;
            }
            goto Found;

        Beyond:
            // perhaps it goes on behind the bytes that were looked at
            if (text == seen) break;
            goto Look;
        }
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
    private static uint Convert(Vector128<byte>* digits, double* divisors, float* to)
    {
        var lower = Divide(digits, divisors);
        var upper = Divide(digits + 4, divisors + 4);
        Vector256.Narrow(lower, upper).Store(to);
        return FindDoubt(lower) | (FindDoubt(upper) << 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Divide(Vector128<byte>* digits, double* divisors)
    {
        // characters → digits: the lower four bits, of what is not a digit as well
        var lowBits = Vector256.Create((byte)0x0F);
        var halves = DigitVector.ToHalves(
            Vector256.Create(digits[0], digits[2]) & lowBits, Vector256.Create(digits[1], digits[3]) & lowBits);
        var integers = Vector256.Create(Integers);
        var upper = ((halves & Vector256.Create((ulong)uint.MaxValue)) | integers.AsUInt64()).AsDouble() - integers;
        var lower = ((halves >> 32) | integers.AsUInt64()).AsDouble() - integers;
        return (upper * 100_000_000 + lower) / Vector256.Create(divisors[0], divisors[1], divisors[2], divisors[3]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint FindDoubt(Vector256<double> quotients)
    {
        var distance = (quotients.AsUInt64() + Vector256.Create(Midpoint + Margin)) & Vector256.Create(Below);
        return Vector256.LessThan(distance.AsInt64(), Vector256.Create((long)(2 * Margin + 1))).ExtractMostSignificantBits();
    }
}
