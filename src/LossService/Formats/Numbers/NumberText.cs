using System.Runtime.CompilerServices;

namespace LossService.Formats.Numbers;

/// <summary>
/// Reads one JSON number (RFC 8259, section 6): -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?
/// </summary>
/// <remarks>
/// Two ways: <see cref="TryReadCommon"/> (up to 31 characters and 19 digits before the exponent: nearly all numbers, and
/// inlined into the loop over them) hands on what it is not made for to <see cref="TryReadAny"/>, which takes any length and
/// leaves the rounding to the framework. Neither reads beyond 48 bytes behind the last byte of the body; a number that
/// ends behind it is for the caller to refuse.
/// </remarks>
internal static unsafe class NumberText
{
    /// <summary>Reads a number at <paramref name="text"/> and returns its end, or null for <see cref="TryReadAny"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* TryReadCommon<TElement>(byte* text, TElement* element)
        where TElement : unmanaged, IElement<TElement>
    {
        uint negative = Choice.Bit(*text == '-');
        uint stops = DigitVector.NonDigits(text) & ~negative;
        int point = int.TrailingZeroCount((int)stops);
        int end = point;
        int fraction = 0;
        if (!TElement.IsInteger && text[point] == '.')
        {
            end = int.TrailingZeroCount((int)(stops & (stops - 1)));
            fraction = end - point - 1;
            if (fraction == 0) return null;
        }

        byte* first = text + negative;
        int whole = point - (int)negative;
        if (whole != 1 && (whole == 0 || *first == '0')) return null;

        int count = whole + fraction;
        ulong w;
        if (count <= 16) w = DigitVector.ToInteger(first, whole, count);
        else if (end == DigitVector.Window || !TryToInteger(first, whole, count, out w)) return null;

        text += end;
        int exponent = -fraction;
        if ((*text | 0x20) == 'e' && (TElement.IsInteger || !TryAddExponent(ref text, ref exponent))) return null;
        return TElement.TryConvert(w, exponent, negative, element) ? text : null;
    }

    // more than 16 digits; leading zeros, as in 0.00012345678901234567, cost nothing, but the value must stay below 2^63
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryToInteger(byte* digits, int whole, int count, out ulong w)
    {
        int head = count - 16;
        ulong upper = DigitVector.ToInteger(digits, whole, head);
        ulong lower = whole > head
            ? DigitVector.ToInteger(digits + head, whole - head, 16)
            : DigitVector.ToInteger(digits + head + 1, 16, 16);
        w = (upper * 10_000_000_000_000_000) + lower;
        return upper < 900;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryAddExponent(ref byte* text, ref int exponent)
    {
        byte* digit = text + 1;
        bool negative = *digit == '-';
        if (negative || *digit == '+') digit++;
        byte* first = digit;
        int value = 0;
        while (digit - first <= 4 && char.IsAsciiDigit((char)*digit)) value = (value * 10) + (*digit++ - '0');
        exponent += negative ? -value : value;
        text = digit;
        return digit != first && digit - first <= 4;
    }

    /// <summary>Reads a number at <paramref name="text"/> byte by byte and returns its end.</summary>
    /// <returns>Null where there is no well-formed number, or none that fits the element.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static byte* TryReadAny<TElement>(byte* text, byte* end, TElement* element)
        where TElement : unmanaged, IElement<TElement>
    {
        byte* at = text;
        if (at < end && *at == '-') at++;
        byte* whole = at;
        at = SkipDigits(at, end);
        if (at == whole || (at - whole > 1 && *whole == '0')) return null;

        byte* behindWhole = at;
        if (at < end && *at == '.')
        {
            byte* fraction = at + 1;
            at = SkipDigits(fraction, end);
            if (at == fraction) return null;
        }

        if (at < end && (*at | 0x20) == 'e')
        {
            byte* exponent = at + 1;
            if (exponent < end && *exponent is (byte)'+' or (byte)'-') exponent++;
            at = SkipDigits(exponent, end);
            if (at == exponent) return null;
        }

        if (at - text > int.MaxValue || (TElement.IsInteger && at != behindWhole)) return null;
        return TElement.TryParse(new ReadOnlySpan<byte>(text, (int)(at - text)), out *element) ? at : null;
    }

    private static byte* SkipDigits(byte* text, byte* end)
    {
        while (text < end && char.IsAsciiDigit((char)*text)) text++;
        return text;
    }
}
