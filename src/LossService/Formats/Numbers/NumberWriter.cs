using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LossService.Formats.Numbers;

/// <summary>Writes numbers as the shortest JSON text that reads back as the same bits.</summary>
/// <remarks>
/// Plain decimals for 1e-5 ≤ |x| &lt; 1e16, as 0.00125 or 1250, else 1.25e-7; −0 is -0; a number that is not finite is one of the
/// strings "NaN", "Infinity", "-Infinity". All digits are laid out in one vector and stored whole, and the length is computed
/// separately. So every method may overwrite up to <see cref="Room"/> bytes.
/// </remarks>
internal static unsafe class NumberWriter
{
    /// <summary>The bytes that must be writable at the destination, more than any number takes.</summary>
    public const int Room = 48;

    /// <summary>The length of the longest number with its comma: -0.000012345678901234567,</summary>
    public const int MaxLength = 25;

    private const int MinFloat32 = -45;

    // 10^16: the first integer that a vector of sixteen digits does not hold
    private const ulong SixteenDigits = 10_000_000_000_000_000;

    // "e-45" to "e38", four bytes each, zeros where a float32 is written as a plain decimal
    private static ReadOnlySpan<byte> Exponents =>
        "e-45e-44e-43e-42e-41e-40e-39e-38e-37e-36e-35e-34e-33e-32e-31e-30e-29e-28e-27e-26e-25e-24e-23e-22e-21e-20"u8 +
        "e-19e-18e-17e-16e-15e-14e-13e-12e-11e-10e-9\0e-8\0e-7\0e-6\0"u8 +
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"u8 +
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"u8 +
        "e16\0e17\0e18\0e19\0e20\0e21\0e22\0e23\0e24\0e25\0e26\0e27\0e28\0e29\0e30\0e31\0e32\0e33\0e34\0e35\0e36\0e37\0e38\0"u8;

    /// <summary>Writes a float32 and returns its length.</summary>
    public static int Write(float value, byte* destination)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        if ((bits & int.MaxValue) - 1 >= (255u << 23) - 1) return WriteSpecial(value, destination);

        *destination = (byte)'-';
        var text = destination + (bits >> 31);
        var digits = DigitVector.FromNineDigits(ShortestDecimal.FromFloat32(bits, out var unit));
        var nonZero = DigitVector.NonZero(digits);
        var leading = int.TrailingZeroCount((int)nonZero);
        var count = 32 - int.LeadingZeroCount((int)nonZero) - leading;

        var power = unit + 15 - leading; // of ten, that the first digit counts
        return (int)(text - destination) + LayOut(digits, leading, count, power, text);
    }

    // lays out count digits from lane leading on, the first of which counts 10^power
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LayOut(Vector128<byte> digits, int leading, int count, int power, byte* text)
    {
        var exponent = Unsafe.ReadUnaligned<uint>(
            ref Unsafe.Add(ref MemoryMarshal.GetReference(Exponents), 4 * (power - MinFloat32)));
        var plain = power & -(int)Branchless.ToBit(exponent == 0);
        var zeros = Branchless.MaxWithZero(-plain);
        DigitVector.ToText(digits, leading - zeros, Branchless.MaxWithZero(plain) + 1).Store(text);
        var length = Branchless.Select(Branchless.ToBit(count > plain + 1), count + 1 + zeros, plain + 1);

        Unsafe.WriteUnaligned(text + length, exponent);
        return length + 4 - int.LeadingZeroCount((int)exponent) / 8;
    }

    /// <summary>Writes float32 numbers, each with a comma after it, and returns the end of the text.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static byte* WriteList(float* values, int count, byte* text)
    {
        const int Block = Float32Decimals.Count;
        Float32Decimals decimals;
        var padded = stackalloc float[Block];
        var layouts = NumberLayout.Table;
        fixed (double* scales = Float32Decimals.Scales)
        {
            for (; count >= Block; count -= Block, values += Block)
            {
                var others = Float32Decimals.Convert(values, scales, &decimals);
                text = others == 0
                    ? WriteEight(values, &decimals, layouts, text)
                    : WriteSome(values, Block, others, &decimals, layouts, text);
            }
            if (count > 0)
            {
                // nothing may be read after the last number
                for (var i = 0; i < count; i++) padded[i] = values[i];
                var others = Float32Decimals.Convert(padded, scales, &decimals);
                text = WriteSome(padded, count, others, &decimals, layouts, text);
            }
        }
        return text;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* WriteEight(float* values, Float32Decimals* decimals, byte* layouts, byte* text)
    {
        var bits = (uint*)values;
        text = decimals->Write(0, bits[0] >> 31, layouts, text);
        text = decimals->Write(1, bits[1] >> 31, layouts, text);
        text = decimals->Write(2, bits[2] >> 31, layouts, text);
        text = decimals->Write(3, bits[3] >> 31, layouts, text);
        text = decimals->Write(4, bits[4] >> 31, layouts, text);
        text = decimals->Write(5, bits[5] >> 31, layouts, text);
        text = decimals->Write(6, bits[6] >> 31, layouts, text);
        return decimals->Write(7, bits[7] >> 31, layouts, text);
    }

    // the numbers with a bit in others have no decimals
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte* WriteSome(float* values, int count, uint others, Float32Decimals* decimals, byte* layouts, byte* text)
    {
        for (var i = 0; i < count; i++)
        {
            if ((others >> i & 1) == 0)
            {
                text = decimals->Write(i, ((uint*)values)[i] >> 31, layouts, text);
            }
            else
            {
                text += Write(values[i], text);
                *text++ = (byte)',';
            }
        }
        return text;
    }

    /// <summary>Writes float64 numbers, each with a comma after it, and returns the end of the text.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static byte* WriteList(double* values, int count, byte* text)
    {
        // first the decimals of a block, then their texts: the address of a text depends on those before it, and loads after a store
        // to an address not yet known stall (store-to-load forwarding)
        const int Block = 16;
        var decimals = stackalloc ulong[Block];
        var units = stackalloc int[Block];
        for (; count > 0; count -= Block, values += Block)
        {
            var some = Math.Min(count, Block);
            for (var i = 0; i < some; i++) decimals[i] = ShortestDecimal.FromFloat64(((ulong*)values)[i], out units[i]);
            for (var i = 0; i < some; i++)
            {
                text += IsSpecial(values[i]) ? WriteSpecial(values[i], text) : LayOut(values[i], decimals[i], units[i], text);
                *text++ = (byte)',';
            }
        }
        return text;
    }

    /// <summary>Writes integers, each with a comma after it, and returns the end of the text.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static byte* WriteList(long* values, int count, byte* text)
    {
        for (var i = 0; i < count; i++)
        {
            text += Write(values[i], text);
            *text++ = (byte)',';
        }
        return text;
    }

    /// <summary>Writes a float64 and returns its length.</summary>
    public static int Write(double value, byte* destination) => IsSpecial(value)
        ? WriteSpecial(value, destination)
        : LayOut(value, ShortestDecimal.FromFloat64(BitConverter.DoubleToUInt64Bits(value), out var unit), unit, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsSpecial(double value) =>
        (BitConverter.DoubleToUInt64Bits(value) & long.MaxValue) - 1 >= (2047ul << 52) - 1; // zero or not finite

    // lays out decimals · 10^unit with value's sign
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LayOut(double value, ulong decimals, int unit, byte* destination)
    {
        *destination = (byte)'-';
        var text = destination + (BitConverter.DoubleToUInt64Bits(value) >> 63);

        // seventeen digits: one before a vector of sixteen; only subnormal numbers have fewer than sixteen
        var isShort = Branchless.ToBit(decimals < SixteenDigits);
        decimals += 9 * decimals * isShort;
        unit -= (int)isShort;
        while (decimals < SixteenDigits)
        {
            decimals *= 10;
            unit--;
        }
        var first = decimals / SixteenDigits;
        var digits = DigitVector.FromSixteenDigits(decimals - first * SixteenDigits);
        var count = 33 - int.LeadingZeroCount((int)DigitVector.NonZero(digits));

        var power = unit + 16;
        var isPlain = NumberLayout.IsPlain(power);
        var plain = power & -(int)Branchless.ToBit(isPlain);
        var zeros = Branchless.MaxWithZero(-plain);
        var isFraction = Branchless.ToBit(plain < 0);
        Unsafe.WriteUnaligned(text, 0x30_30_30_30_30_30_2E_30ul); // 0.000000
        var afterZeros = text + zeros + isFraction;
        *afterZeros = (byte)('0' + first);
        DigitVector.ToText(digits, 0, Branchless.Select(isFraction, 16, plain)).Store(afterZeros + 1);
        afterZeros[17] = (byte)('0' + digits.GetElement(15));
        text = afterZeros + Branchless.Select(Branchless.ToBit(count > plain + 1), count + 1 - (int)isFraction, plain + 1);
        if (!isPlain)
        {
            *text++ = (byte)'e';
            text += Write((long)power, text);
        }
        return (int)(text - destination);
    }

    /// <summary>Writes an integer and returns its length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Write(long value, byte* destination)
    {
        *destination = (byte)'-';
        var text = destination - (value >> 63);
        var magnitude = (ulong)(value < 0 ? -value : value);
        if (magnitude < SixteenDigits) return (int)(text - destination) + WriteSixteen(magnitude, text);

        var head = magnitude / SixteenDigits;
        text += WriteSixteen(head, text);
        DigitVector.ToText(DigitVector.FromSixteenDigits(magnitude - head * SixteenDigits), 0, 16).Store(text);
        return (int)(text - destination) + 16;
    }

    // without leading zeros
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WriteSixteen(ulong value, byte* text)
    {
        var digits = DigitVector.FromSixteenDigits(value);
        var leading = int.TrailingZeroCount((int)DigitVector.NonZero(digits) | (1 << 15)); // 0 has a digit too
        DigitVector.ToText(digits, leading, 16).Store(text);
        return 16 - leading;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int WriteSpecial(double value, byte* destination)
    {
        var text = value switch
        {
            0 => double.IsNegative(value) ? "-0"u8 : "0"u8,
            double.PositiveInfinity => "\"Infinity\""u8,
            double.NegativeInfinity => "\"-Infinity\""u8,
            _ => "\"NaN\""u8,
        };
        text.CopyTo(new Span<byte>(destination, Room));
        return text.Length;
    }
}
