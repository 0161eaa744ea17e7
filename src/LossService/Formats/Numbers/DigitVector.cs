using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Formats.Numbers;

/// <summary>
/// Converts sixteen decimal digits at a time, from text to an integer and back. No step depends on how many digits there are,
/// so numbers of mixed lengths cost no mispredicted branches.
/// </summary>
internal static unsafe class DigitVector
{
    /// <summary>How many bytes of text <see cref="NonDigits"/> reads.</summary>
    public const int Window = 32;

    // 16 bytes from offset n on are the shuffle that moves the first n lanes to the end and zeros the others
    private static ReadOnlySpan<byte> AlignRight =>
    [
        0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
    ];

    /// <summary>Bit i is set where byte i of the 32 at <paramref name="text"/> is not a decimal digit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint NonDigits(byte* text) =>
        Vector256.AddSaturate(Vector256.Load(text) - Vector256.Create((byte)'0'), Vector256.Create((byte)(127 - 9)))
            .ExtractMostSignificantBits();

    /// <summary>
    /// The integer of the first <paramref name="count"/> ≤ 16 digits at <paramref name="text"/>, where the byte after the first
    /// <paramref name="point"/> digits is a decimal point to skip (16 or more: there is none).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong ToInteger(byte* text, int point, int count)
    {
        var beforePoint = Vector128.GreaterThan(Vector128.Create((sbyte)point), Vector128<sbyte>.Indices).AsByte();
        var digits = Vector128.ConditionalSelect(beforePoint, Vector128.Load(text), Vector128.Load(text + 1));
        var align = Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(AlignRight), (nuint)count);
        return Sum(Vector128.ShuffleNative(digits - Vector128.Create((byte)'0'), align));
    }

    // Σ digit·10^(15−lane), by adding neighbours in pairs: digits → hundreds → ten-thousands → two halves of eight digits
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Sum(Vector128<byte> digits)
    {
        if (!Sse41.IsSupported)
            return Sum(digits.AsUInt64().GetElement(0)) * 100_000_000 + Sum(digits.AsUInt64().GetElement(1));

        var pairs = Ssse3.MultiplyAddAdjacent(digits, Vector128.Create((ushort)(10 | (1 << 8))).AsSByte());
        var fours = Sse2.MultiplyAddAdjacent(pairs, Vector128.Create(100 | (1 << 16)).AsInt16());
        var eights = Sse2.MultiplyAddAdjacent(
            Sse41.PackUnsignedSaturate(fours, fours).AsInt16(), Vector128.Create(10_000 | (1 << 16)).AsInt16());
        var halves = eights.AsUInt64().ToScalar();
        return (halves & uint.MaxValue) * 100_000_000 + (halves >> 32);
    }

    /// <summary>
    /// The integers of four times sixteen digits: the upper eight digits of each in the lower 32 bits of a lane, the lower eight in the
    /// upper. It needs AVX2. The lanes are the first of <paramref name="even"/>, the first of <paramref name="odd"/>, then the second of
    /// each.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> ToHalves(Vector256<byte> even, Vector256<byte> odd)
    {
        var tens = Vector256.Create((ushort)(10 | (1 << 8))).AsSByte();
        var hundreds = Vector256.Create(100 | (1 << 16)).AsInt16();
        var fours = Avx2.PackUnsignedSaturate(
            Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(even, tens), hundreds),
            Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(odd, tens), hundreds));
        return Avx2.MultiplyAddAdjacent(fours.AsInt16(), Vector256.Create(10_000 | (1 << 16)).AsInt16()).AsUInt64();
    }

    // the same within one word, whose lowest byte holds the first digit
    private static ulong Sum(ulong digits)
    {
        const ulong Low = 0x000000FF_000000FF;
        var pairs = digits * 10 + (digits >> 8);
        var outer = (pairs & Low) * ((1_000_000ul << 32) | 100);
        var inner = ((pairs >> 16) & Low) * ((10_000ul << 32) | 1);
        return (outer + inner) >> 32;
    }

    /// <summary>The digits of an integer below 10^9, right-aligned, one a lane, each 0 to 9.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> FromNineDigits(uint value)
    {
        var head = value / 100_000_000;
        return Vector128.Create((ulong)head << 56, EightDigits(value - head * 100_000_000)).AsByte();
    }

    /// <summary>The digits of an integer below 10^16, right-aligned, one a lane, each 0 to 9.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> FromSixteenDigits(ulong value)
    {
        var head = (uint)(value / 100_000_000);
        return Vector128.Create(EightDigits(head), EightDigits((uint)(value - head * 100_000_000ul))).AsByte();
    }

    /// <summary>Bit i is set where lane i is not 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint NonZero(Vector128<byte> digits) =>
        ~Vector128.Equals(digits, Vector128<byte>.Zero).ExtractMostSignificantBits() & 0xFFFF;

    /// <summary>
    /// The text of <paramref name="digits"/> from lane <paramref name="from"/> on, with a decimal point in lane
    /// <paramref name="point"/> of the text (16: none). It has zeros where from is negative, and where it is longer than the digits
    /// if the lanes before from are zeros.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> ToText(Vector128<byte> digits, int from, int point)
    {
        var places = Vector128<sbyte>.Indices;
        var points = Vector128.Create((sbyte)point);

        // after the point the index is one less; past the last lane it wraps around to the zeros before the first digit, and where
        // it is negative the shuffle makes a zero
        var index = places + Vector128.GreaterThan(places, points) + Vector128.Create((sbyte)from);
        var text = Vector128.ShuffleNative(digits, index.AsByte()) + Vector128.Create((byte)'0');
        return Vector128.ConditionalSelect(Vector128.Equals(places, points).AsByte(), Vector128.Create((byte)'.'), text);
    }

    // the first digit in the lowest byte. Each step splits every lane x into x / n and x % n side by side; the quotient is a
    // product with a reciprocal that is exact for x < n², and lane·2^s − quotient·(n·2^s − 1) puts both in place
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong EightDigits(uint value)
    {
        var fours = ((ulong)value << 32) - value / 10_000 * ((10_000ul << 32) - 1);
        var pairs = (fours << 16) - (((fours * 10_486) >> 20) & 0x0000007F_0000007F) * ((100ul << 16) - 1);
        return (pairs << 8) - (((pairs * 103) >> 10) & 0x000F000F_000F000F) * ((10ul << 8) - 1);
    }
}
