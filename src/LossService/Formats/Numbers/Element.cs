using System.Globalization;
using System.Runtime.CompilerServices;

namespace LossService.Formats.Numbers;

/// <summary>What an array of numbers is made of in memory: how a decimal ±w · 10^q becomes one element.</summary>
internal unsafe interface IElement<TSelf>
    where TSelf : unmanaged, IElement<TSelf>
{
    /// <summary>Whether a fraction or an exponent, even a zero one, is refused.</summary>
    static abstract bool IsInteger { get; }

    /// <summary>Converts w · 10^q, or −w · 10^q where <paramref name="negative"/> is 1 and not 0; false where it cannot.</summary>
    static abstract bool TryConvert(ulong w, int q, uint negative, TSelf* element);

    /// <summary>Converts a well-formed JSON number of any length, or returns false where it does not fit.</summary>
    static abstract bool TryParse(ReadOnlySpan<byte> number, out TSelf element);

    /// <summary>Writes each element as JSON with a comma behind it, and returns the end of the text.</summary>
    static abstract byte* WriteList(TSelf* elements, int count, byte* text);
}

/// <summary>The 22 powers of ten that a float64 holds exactly.</summary>
file static class ExactPowers
{
    public const int Greatest = 22;

    /// <summary>Integers up to here are exact as float64.</summary>
    public const ulong MaxInteger = 1ul << 53;

    public static ReadOnlySpan<double> Table =>
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];
}

/// <summary>A float64, correctly rounded: at most half a unit in the last place from the decimal.</summary>
internal readonly unsafe struct Float64Element(double value) : IElement<Float64Element>
{
    public readonly double Value = value;

    public static bool IsInteger => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryConvert(ulong w, int q, uint negative, Float64Element* element)
    {
        // both operands are exact, so the quotient is rounded once (W. D. Clinger, PLDI 1990)
        if (w <= ExactPowers.MaxInteger && (uint)-q <= ExactPowers.Greatest)
        {
            double magnitude = (long)w / ExactPowers.Table[-q];
            *element = new(BitConverter.UInt64BitsToDouble(
                BitConverter.DoubleToUInt64Bits(magnitude) | ((ulong)negative << 63)));
            return true;
        }

        return TryRound(w, q, negative, element);
    }

    public static byte* WriteList(Float64Element* elements, int count, byte* text) =>
        NumberWriter.WriteList((double*)elements, count, text);

    public static bool TryParse(ReadOnlySpan<byte> number, out Float64Element element)
    {
        // not Utf8Parser: it takes a long tail of zeros for a tail that is not zero, and rounds ties up
        bool parsed = double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double value);
        element = new(value);
        return parsed && double.IsFinite(value);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryRound(ulong w, int q, uint negative, Float64Element* element)
    {
        bool certain = DecimalRounding.TryToFloat64(w, q, out ulong bits);
        *element = new(BitConverter.UInt64BitsToDouble(bits | ((ulong)negative << 63)));
        return certain;
    }
}

/// <summary>A float32, rounded once from the decimal: at most half a unit in the last place from it.</summary>
internal readonly unsafe struct Float32Element(float value) : IElement<Float32Element>
{
    public readonly float Value = value;

    public static bool IsInteger => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryConvert(ulong w, int q, uint negative, Float32Element* element)
    {
        if (w <= long.MaxValue && (uint)-q <= ExactPowers.Greatest)
        {
            // at most two roundings, each by half a unit: unless the quotient lies that near to a midpoint between float32s,
            // it is on the same side of it as the decimal; being 0 or at least 1e-22, it is far from subnormal float32s
            double magnitude = (long)w / ExactPowers.Table[-q];
            const ulong Below = (1ul << 29) - 1; // the bits that a float64 has more
            const ulong Midpoint = 1ul << 28;
            const ulong Margin = 4;
            ulong fraction = BitConverter.DoubleToUInt64Bits(magnitude) & Below;
            if (fraction - (Midpoint - Margin) > 2 * Margin)
            {
                *element = new(BitConverter.UInt32BitsToSingle(
                    BitConverter.SingleToUInt32Bits((float)magnitude) | (negative << 31)));
                return true;
            }
        }

        return TryRound(w, q, negative, element);
    }

    public static byte* WriteList(Float32Element* elements, int count, byte* text) =>
        NumberWriter.WriteList((float*)elements, count, text);

    public static bool TryParse(ReadOnlySpan<byte> number, out Float32Element element)
    {
        bool parsed = float.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out float value);
        element = new(value);
        return parsed && float.IsFinite(value);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryRound(ulong w, int q, uint negative, Float32Element* element)
    {
        bool certain = DecimalRounding.TryToFloat32(w, q, out uint bits);
        *element = new(BitConverter.UInt32BitsToSingle(bits | (negative << 31)));
        return certain;
    }
}

/// <summary>An int64, written without a fraction or an exponent; −0 is 0.</summary>
internal readonly unsafe struct Int64Element(long value) : IElement<Int64Element>
{
    public readonly long Value = value;

    public static bool IsInteger => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryConvert(ulong w, int q, uint negative, Int64Element* element)
    {
        *element = new((long)((w ^ (0ul - negative)) + negative));
        return q == 0 && w <= long.MaxValue + (ulong)negative;
    }

    public static byte* WriteList(Int64Element* elements, int count, byte* text) =>
        NumberWriter.WriteList((long*)elements, count, text);

    public static bool TryParse(ReadOnlySpan<byte> number, out Int64Element element)
    {
        bool parsed = long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value);
        element = new(value);
        return parsed;
    }
}
