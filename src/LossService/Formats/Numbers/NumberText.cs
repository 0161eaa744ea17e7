using System.Runtime.CompilerServices;

namespace LossService.Formats.Numbers;

/// <summary>
/// Reads one JSON number (RFC 8259, section 6): -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?
/// </summary>
/// <remarks>
/// Three ways, each handing on what it is not made for: <see cref="TryReadShort"/> (no exponent, 16 digits or fewer:
/// nearly all numbers, and inlined into the loop over them), <see cref="TryReadLong"/> (exponents, 19 digits), and the
/// framework's parser for the rest. None reads beyond 48 bytes behind the last byte of the body; a number that ends
/// behind it is for the caller to refuse.
/// </remarks>
internal static unsafe class NumberText
{
    /// <summary>Reads a number of the plain kind at <paramref name="text"/> and moves behind it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryReadShort<TElement>(ref byte* text, out TElement element)
        where TElement : unmanaged, IElement<TElement>
    {
        uint negative = *text == '-' ? 1u : 0u;
        uint stops = DigitVector.NonDigits(text) & ~negative;
        int point = int.TrailingZeroCount((int)stops);
        int end = point;
        int fraction = 0;
        if (!TElement.IsInteger && text[point] == '.')
        {
            end = int.TrailingZeroCount((int)(stops & (stops - 1)));
            fraction = end - point - 1;
            if (fraction == 0) goto Unusual;
        }

        byte* first = text + negative;
        int whole = point - (int)negative;
        int count = whole + fraction;
        if (whole != 1 && (whole == 0 || *first == '0')) goto Unusual;
        if (count > 16 || (text[end] | 0x20) == 'e') goto Unusual;

        text += end;
        return TElement.TryConvert(DigitVector.ToInteger(first, whole, count), -fraction, negative, out element);

    Unusual:
        element = default;
        return false;
    }

    /// <summary>Reads any number at <paramref name="text"/> and moves behind it.</summary>
    /// <returns>False where there is no well-formed number, or none that fits the element.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool TryRead<TElement>(ref byte* text, byte* end, out TElement element)
        where TElement : unmanaged, IElement<TElement> =>
        TryReadLong(ref text, out element) || TryReadAny(ref text, end, out element);

    // up to 31 characters before the exponent, up to 19 digits, an exponent of up to four digits
    private static bool TryReadLong<TElement>(ref byte* text, out TElement element)
        where TElement : unmanaged, IElement<TElement>
    {
        element = default;
        uint negative = *text == '-' ? 1u : 0u;
        uint stops = DigitVector.NonDigits(text) & ~negative;
        int point = int.TrailingZeroCount((int)stops);
        int end = point;
        int fraction = 0;
        if (point < DigitVector.Window && text[point] == '.')
        {
            end = int.TrailingZeroCount((int)(stops & (stops - 1)));
            fraction = end - point - 1;
            if (fraction == 0) return false;
        }

        byte* first = text + negative;
        int whole = point - (int)negative;
        if (end == DigitVector.Window || whole == 0 || (whole != 1 && *first == '0')) return false;

        ulong w = ToInteger(first, whole, whole + fraction, out bool fits);
        if (!fits) return false;

        byte* behind = text + end;
        int exponent = 0;
        if ((*behind | 0x20) == 'e' && (TElement.IsInteger || !TryReadExponent(ref behind, out exponent))) return false;
        if (!TElement.TryConvert(w, exponent - fraction, negative, out element)) return false;
        text = behind;
        return true;
    }

    private static ulong ToInteger(byte* digits, int whole, int count, out bool fits)
    {
        fits = true;
        if (count <= 16) return DigitVector.ToInteger(digits, whole, count);

        // leading zeros, as in 0.00012345678901234567, do not count against the 19
        int head = count - 16;
        ulong upper = DigitVector.ToInteger(digits, whole, head);
        fits = upper < 1000;
        ulong lower = whole > head
            ? DigitVector.ToInteger(digits + head, whole - head, 16)
            : DigitVector.ToInteger(digits + head + 1, 16, 16);
        return (upper * 10_000_000_000_000_000) + lower;
    }

    private static bool TryReadExponent(ref byte* text, out int exponent)
    {
        byte* digit = text + 1;
        bool negative = *digit == '-';
        if (negative || *digit == '+') digit++;
        byte* first = digit;
        exponent = 0;
        while (digit - first <= 4 && char.IsAsciiDigit((char)*digit)) exponent = (exponent * 10) + (*digit++ - '0');
        if (negative) exponent = -exponent;
        text = digit;
        return digit != first && digit - first <= 4;
    }

    // the grammar byte by byte, however long, and the value from the framework
    private static bool TryReadAny<TElement>(ref byte* text, byte* end, out TElement element)
        where TElement : unmanaged, IElement<TElement>
    {
        element = default;
        byte* at = text;
        if (at < end && *at == '-') at++;
        byte* whole = at;
        if (!SkipDigits(ref at, end) || (at - whole > 1 && *whole == '0')) return false;

        byte* behindWhole = at;
        if (at < end && *at == '.')
        {
            at++;
            if (!SkipDigits(ref at, end)) return false;
        }

        if (at < end && (*at | 0x20) == 'e')
        {
            at++;
            if (at < end && *at is (byte)'+' or (byte)'-') at++;
            if (!SkipDigits(ref at, end)) return false;
        }

        if (at - text > int.MaxValue || (TElement.IsInteger && at != behindWhole)) return false;
        if (!TElement.TryParse(new ReadOnlySpan<byte>(text, (int)(at - text)), out element)) return false;
        text = at;
        return true;
    }

    private static bool SkipDigits(ref byte* text, byte* end)
    {
        byte* first = text;
        while (text < end && char.IsAsciiDigit((char)*text)) text++;
        return text != first;
    }
}
