using System.Runtime.CompilerServices;

namespace LossService.Formats.Numbers;

/// <summary>Reads one JSON number (RFC 8259, section 6): -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?</summary>
/// <remarks>
/// <see cref="TryReadCommon"/> takes up to 31 characters and 19 digits before the exponent, which is nearly all numbers, and is
/// inlined into the loop over them; <see cref="TryReadAny"/> takes any length and leaves the rounding to the framework. Neither
/// reads more than 48 bytes past the end of the body; the caller must refuse a number that ends past it.
/// </remarks>
internal static unsafe class NumberReader
{
    /// <summary>Reads a number at <paramref name="text"/> and returns its end, or null for <see cref="TryReadAny"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* TryReadCommon<TElement>(byte* text, TElement* element)
        where TElement : unmanaged, INumberElement<TElement>
    {
        var negative = Branchless.ToBit(*text == '-');
        var stops = DigitVector.NonDigits(text) & ~negative;
        var point = int.TrailingZeroCount((int)stops);
        var end = point;
        var fraction = 0;
        if (!TElement.IsInteger && text[point] == '.')
        {
            end = int.TrailingZeroCount((int)(stops & (stops - 1)));
            fraction = end - point - 1;
            if (fraction == 0) return null;
        }
        var first = text + negative;
        var whole = point - (int)negative;
        if (whole != 1 && (whole == 0 || *first == '0')) return null;
        var count = whole + fraction;
        ulong w;
        if (count <= 16) w = DigitVector.ToInteger(first, whole, count);
        else if (end == DigitVector.Window || !TryToInteger(first, whole, count, out w)) return null;

        text += end;
        var exponent = -fraction;
        if ((*text | 0x20) == 'e' && (TElement.IsInteger || !TryAddExponent(ref text, ref exponent))) return null;
        return TElement.TryConvert(w, exponent, negative, element) ? text : null;
    }

    // for more than 16 digits; leading zeros, as in 0.00012345678901234567, are allowed, but the value must be below 2^63
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryToInteger(byte* digits, int whole, int count, out ulong w)
    {
        var head = count - 16;
        var upper = DigitVector.ToInteger(digits, whole, head);
        var lower = whole > head
            ? DigitVector.ToInteger(digits + head, whole - head, 16)
            : DigitVector.ToInteger(digits + head + 1, 16, 16);
        w = upper * 10_000_000_000_000_000 + lower;
        return upper < 900;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryAddExponent(ref byte* text, ref int exponent)
    {
        var digit = text + 1;
        var negative = *digit == '-';
        if (negative || *digit == '+') digit++;
        var first = digit;
        var value = 0;
        while (digit - first <= 4 && char.IsAsciiDigit((char)*digit)) value = value * 10 + (*digit++ - '0');
        exponent += negative ? -value : value;
        text = digit;
        return digit != first && digit - first <= 4;
    }

    /// <summary>Reads a number at <paramref name="text"/> byte by byte and returns its end.</summary>
    /// <returns>Null where there is no well-formed number, or none that fits the element.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static byte* TryReadAny<TElement>(byte* text, byte* end, TElement* element) where TElement : unmanaged, INumberElement<TElement>
    {
        var at = text;
        if (at < end && *at == '-') at++;
        var whole = at;
        at = SkipDigits(at, end);
        if (at == whole || (at - whole > 1 && *whole == '0')) return null;

        var afterWhole = at;
        if (at < end && *at == '.')
        {
            var fraction = at + 1;
            at = SkipDigits(fraction, end);
            if (at == fraction) return null;
        }
        if (at < end && (*at | 0x20) == 'e')
        {
            var exponent = at + 1;
            if (exponent < end && *exponent is (byte)'+' or (byte)'-') exponent++;
            at = SkipDigits(exponent, end);
            if (at == exponent) return null;
        }
        if (at - text > int.MaxValue || (TElement.IsInteger && at != afterWhole)) return null;
        return TElement.TryParse(new ReadOnlySpan<byte>(text, (int)(at - text)), out *element) ? at : null;
    }

    private static byte* SkipDigits(byte* text, byte* end)
    {
        while (text < end && char.IsAsciiDigit((char)*text)) text++;
        return text;
    }
}
