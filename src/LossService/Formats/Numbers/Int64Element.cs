using System.Globalization;
using System.Runtime.CompilerServices;

namespace LossService.Formats.Numbers;

/// <summary>An int64, written without a fraction or an exponent; −0 is 0.</summary>
internal readonly unsafe struct Int64Element(long value) : INumberElement<Int64Element>
{
    public readonly long Value = value;

    public static bool IsInteger => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryConvert(ulong w, int q, uint negative, Int64Element* element)
    {
        *element = new((long)((w ^ (0ul - negative)) + negative));
        return q == 0 && w <= long.MaxValue + (ulong)negative;
    }

    public static byte* TryReadRun(byte* text, byte* end, Int64Element** next, Int64Element* limit) => null;

    public static byte* WriteList(Int64Element* elements, int count, byte* text) =>
        NumberWriter.WriteList((long*)elements, count, text);

    public static bool TryParse(ReadOnlySpan<byte> number, out Int64Element element)
    {
        var parsed = long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value);
        element = new(value);
        return parsed;
    }
}
