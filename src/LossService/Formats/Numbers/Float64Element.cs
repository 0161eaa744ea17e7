using System.Globalization;
using System.Runtime.CompilerServices;

namespace LossService.Formats.Numbers;

/// <summary>A float64, correctly rounded: at most half a unit in the last place from the decimal.</summary>
internal readonly unsafe struct Float64Element(double value) : INumberElement<Float64Element>
{
    public readonly double Value = value;

    public static bool IsInteger => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryConvert(ulong w, int q, uint negative, Float64Element* element)
    {
        // both operands are exact, so the quotient is rounded once (W. D. Clinger, PLDI 1990)
        if (w <= ExactPowers.MaxInteger && (uint)-q <= ExactPowers.MaxPower)
        {
            var magnitude = (long)w / ExactPowers.Table[-q];
            *element = new(BitConverter.UInt64BitsToDouble(BitConverter.DoubleToUInt64Bits(magnitude) | ((ulong)negative << 63)));
            return true;
        }
        return TryRound(w, q, negative, element);
    }

    public static byte* TryReadRun(byte* text, byte* end, Float64Element** next, Float64Element* limit) => null;

    public static byte* WriteList(Float64Element* elements, int count, byte* text) =>
        NumberWriter.WriteList((double*)elements, count, text);

    public static bool TryParse(ReadOnlySpan<byte> number, out Float64Element element)
    {
        // not Utf8Parser: it reads a long tail of zeros as a remainder, and rounds exact ties up
        var parsed = double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var value);
        element = new(value);
        return parsed && double.IsFinite(value);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryRound(ulong w, int q, uint negative, Float64Element* element)
    {
        var isCertain = DecimalRounding.TryToFloat64(w, q, out var bits);
        *element = new(BitConverter.UInt64BitsToDouble(bits | ((ulong)negative << 63)));
        return isCertain;
    }
}
