using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LossService.Formats.Numbers;

/// <summary>
/// Writes one number as the shortest JSON text that reads back as the same bits.
/// </summary>
/// <remarks>
/// Plain decimals for 1e-5 ≤ |x| &lt; 1e16, as 0.00125 or 1250, else 1.25e-7; −0 is -0; a number that is not finite is one of
/// the strings "NaN", "Infinity", "-Infinity". All digits are laid out in one vector and stored whole, whatever their
/// count, and the length is computed beside it. So every method overwrites up to <see cref="Room"/> bytes.
/// </remarks>
internal static unsafe class NumberWriter
{
    /// <summary>The bytes that must be writable at the destination, more than any number takes.</summary>
    public const int Room = 48;

    /// <summary>The longest number and a comma: -0.000012345678901234567,</summary>
    public const int MaxLength = 25;

    // plain decimals have their first digit's power of ten between these
    private const int MinPlain = -5;
    private const int MaxPlain = 15;

    private const int MinFloat32 = -45;

    /// <summary>10^16: the first integer that a vector of digits does not hold.</summary>
    private const ulong Sixteen = 10_000_000_000_000_000;

    /// <summary>"e-45" to "e38", four bytes each, nothing where a float32 is written plainly.</summary>
    private static ReadOnlySpan<byte> Exponents =>
        "e-45e-44e-43e-42e-41e-40e-39e-38e-37e-36e-35e-34e-33e-32e-31e-30e-29e-28e-27e-26e-25e-24e-23e-22e-21e-20"u8 +
        "e-19e-18e-17e-16e-15e-14e-13e-12e-11e-10e-9\0e-8\0e-7\0e-6\0"u8 +
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"u8 +
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"u8 +
        "e16\0e17\0e18\0e19\0e20\0e21\0e22\0e23\0e24\0e25\0e26\0e27\0e28\0e29\0e30\0e31\0e32\0e33\0e34\0e35\0e36\0e37\0e38\0"u8;

    /// <summary>Writes a float32 and returns its length.</summary>
    public static int Write(float value, byte* destination)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if ((bits & int.MaxValue) - 1 >= (255u << 23) - 1) return WriteSpecial(value, destination);

        *destination = (byte)'-';
        byte* text = destination + (bits >> 31);
        var digits = DigitVector.FromNineDigits(ShortestDecimal.OfFloat32(bits, out int unit));
        uint nonZero = DigitVector.NonZero(digits);
        int leading = int.TrailingZeroCount((int)nonZero);
        int count = 32 - int.LeadingZeroCount((int)nonZero) - leading;

        int power = unit + 15 - leading; // of ten, that the first digit counts
        return (int)(text - destination) + LayOut(digits, leading, count, power, text);
    }

    // of count digits from lane leading on, the first of which counts 10^power
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LayOut(Vector128<byte> digits, int leading, int count, int power, byte* text)
    {
        uint exponent = Unsafe.ReadUnaligned<uint>(
            ref Unsafe.Add(ref MemoryMarshal.GetReference(Exponents), 4 * (power - MinFloat32)));
        int plain = power & -(int)Choice.Bit(exponent == 0);
        int zeros = Choice.Positive(-plain);
        DigitVector.ToText(digits, leading - zeros, Choice.Positive(plain) + 1).Store(text);
        int length = Choice.Of(Choice.Bit(count > plain + 1), count + 1 + zeros, plain + 1);

        Unsafe.WriteUnaligned(text + length, exponent);
        return length + 4 - (int.LeadingZeroCount((int)exponent) / 8);
    }

    /// <summary>Writes float32 numbers, each with a comma behind it, and returns the end of the text.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static byte* WriteList(float* values, int count, byte* text)
    {
        const int Block = Float32Decimals.Count;
        Float32Decimals decimals;
        float* padded = stackalloc float[Block];
        for (; count > 0; count -= Block)
        {
            int some = Block;
            if (count < Block)
            {
                // nothing may be read behind the last number
                some = count;
                for (int i = 0; i < some; i++) padded[i] = values[i];
                values = padded;
            }

            decimals.Convert((uint*)values);
            for (int i = 0; i < some; i++) text = WriteNext(*values++, ref decimals, i, text);
        }

        return text;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* WriteNext(float value, ref Float32Decimals decimals, int i, byte* text)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if ((bits & int.MaxValue) - (1u << 23) < 254u << 23)
        {
            *text = (byte)'-';
            text += bits >> 31;
            ulong rest = decimals.Rest[i];
            var digits = Vector128.Create((rest << 8) | decimals.First[i], rest >> 56).AsByte();
            text += LayOut(digits, 0, 9 - (int)(ulong.LeadingZeroCount(rest) / 8), (int)decimals.Power[i], text);
        }
        else
        {
            text += Write(value, text); // zero, subnormal or not finite
        }

        *text = (byte)',';
        return text + 1;
    }

    /// <summary>Writes float64 numbers, each with a comma behind it, and returns the end of the text.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static byte* WriteList(double* values, int count, byte* text)
    {
        // first the decimals of several, then their texts: where a text goes is known only when those before it are
        // finished, and until then a core would not dare to read behind that store
        const int Block = 16;
        ulong* decimals = stackalloc ulong[Block];
        int* units = stackalloc int[Block];
        for (; count > 0; count -= Block, values += Block)
        {
            int some = Math.Min(count, Block);
            for (int i = 0; i < some; i++) decimals[i] = ShortestDecimal.OfFloat64(((ulong*)values)[i], out units[i]);
            for (int i = 0; i < some; i++)
            {
                text += IsSpecial(values[i]) ? WriteSpecial(values[i], text) : LayOut(values[i], decimals[i], units[i], text);
                *text++ = (byte)',';
            }
        }

        return text;
    }

    /// <summary>Writes integers, each with a comma behind it, and returns the end of the text.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static byte* WriteList(long* values, int count, byte* text)
    {
        for (int i = 0; i < count; i++)
        {
            text += Write(values[i], text);
            *text++ = (byte)',';
        }

        return text;
    }

    /// <summary>Writes a float64 and returns its length.</summary>
    public static int Write(double value, byte* destination) => IsSpecial(value)
        ? WriteSpecial(value, destination)
        : LayOut(value, ShortestDecimal.OfFloat64(BitConverter.DoubleToUInt64Bits(value), out int unit), unit, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsSpecial(double value) =>
        (BitConverter.DoubleToUInt64Bits(value) & long.MaxValue) - 1 >= (2047ul << 52) - 1; // zero or not finite

    // of value's sign and decimals · 10^unit
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LayOut(double value, ulong decimals, int unit, byte* destination)
    {
        *destination = (byte)'-';
        byte* text = destination + (BitConverter.DoubleToUInt64Bits(value) >> 63);

        // seventeen digits: one ahead of a vector of sixteen; only subnormal numbers are short of more than one
        uint isShort = Choice.Bit(decimals < Sixteen);
        decimals += 9 * decimals * isShort;
        unit -= (int)isShort;
        while (decimals < Sixteen)
        {
            decimals *= 10;
            unit--;
        }

        ulong first = decimals / Sixteen;
        var digits = DigitVector.FromSixteenDigits(decimals - (first * Sixteen));
        int count = 33 - int.LeadingZeroCount((int)DigitVector.NonZero(digits));

        int power = unit + 16;
        bool isPlain = power is >= MinPlain and <= MaxPlain;
        int plain = power & -(int)Choice.Bit(isPlain);
        int zeros = Choice.Positive(-plain);
        uint isFraction = Choice.Bit(plain < 0);
        Unsafe.WriteUnaligned(text, 0x30_30_30_30_30_30_2E_30ul); // 0.000000
        byte* behindZeros = text + zeros + isFraction;
        *behindZeros = (byte)('0' + first);
        DigitVector.ToText(digits, 0, Choice.Of(isFraction, 16, plain)).Store(behindZeros + 1);
        behindZeros[17] = (byte)('0' + (digits.GetElement(15)));
        text = behindZeros + Choice.Of(Choice.Bit(count > plain + 1), count + 1 - (int)isFraction, plain + 1);
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
        byte* text = destination - (value >> 63);
        ulong magnitude = (ulong)(value < 0 ? -value : value);
        if (magnitude < Sixteen) return (int)(text - destination) + WriteSixteen(magnitude, text);

        ulong head = magnitude / Sixteen;
        text += WriteSixteen(head, text);
        DigitVector.ToText(DigitVector.FromSixteenDigits(magnitude - (head * Sixteen)), 0, 16).Store(text);
        return (int)(text - destination) + 16;
    }

    // without leading zeros
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WriteSixteen(ulong value, byte* text)
    {
        var digits = DigitVector.FromSixteenDigits(value);
        int leading = int.TrailingZeroCount((int)DigitVector.NonZero(digits) | (1 << 15)); // 0 has a digit too
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
