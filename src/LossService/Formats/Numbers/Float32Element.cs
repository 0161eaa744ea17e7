using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace LossService.Formats.Numbers;

/// <summary>A float32, rounded once from the decimal: at most half a unit in the last place from it.</summary>
internal readonly unsafe struct Float32Element(float value) : INumberElement<Float32Element>
{
    public readonly float Value = value;

    public static bool IsInteger => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryConvert(ulong w, int q, uint negative, Float32Element* element)
    {
        if (w <= long.MaxValue && (uint)-q <= ExactPowers.MaxPower)
        {
            // at most two roundings, each by half a unit: unless the quotient is that close to a midpoint between float32s, it is
            // on the same side of it as the decimal; being 0 or at least 1e-22, it is far from subnormal float32s
            var magnitude = (long)w / ExactPowers.Table[-q];
            const ulong Below = (1ul << 29) - 1; // the fraction bits that a float64 has and a float32 has not
            const ulong Midpoint = 1ul << 28;
            const ulong Margin = 4;
            var fraction = BitConverter.DoubleToUInt64Bits(magnitude) & Below;
            if (fraction - (Midpoint - Margin) > 2 * Margin)
            {
                *element = new(BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits((float)magnitude) | (negative << 31)));
                return true;
            }
        }
        return TryRound(w, q, negative, element);
    }

    public static byte* TryReadRun(byte* text, byte* end, Float32Element** next, Float32Element* limit) =>
        Avx2.IsSupported ? Float32Run.TryRead(text, end, (float**)next, (float*)limit) : null; // without, one by one is faster

    public static byte* WriteList(Float32Element* elements, int count, byte* text) =>
        NumberWriter.WriteList((float*)elements, count, text);

    public static bool TryParse(ReadOnlySpan<byte> number, out Float32Element element)
    {
        var parsed = float.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var value);
        element = new(value);
        return parsed && float.IsFinite(value);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryRound(ulong w, int q, uint negative, Float32Element* element)
    {
        var isCertain = DecimalRounding.TryToFloat32(w, q, out var bits);
        *element = new(BitConverter.UInt32BitsToSingle(bits | (negative << 31)));
        return isCertain;
    }
}
