using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Formats.Numbers;

/// <summary>
/// Decimal digits sixteen at a time: finds them in text, and turns them into an integer. No step depends on how many
/// digits there are, so numbers of mixed lengths cost no mispredicted branches.
/// </summary>
internal static unsafe class DigitVector
{
    /// <summary>How many bytes of text <see cref="NonDigits"/> looks at.</summary>
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
        ~Vector256.LessThanOrEqual(Vector256.Load(text) - Vector256.Create((byte)'0'), Vector256.Create((byte)9))
            .ExtractMostSignificantBits();

    /// <summary>
    /// The integer that the first <paramref name="count"/> ≤ 16 digits at <paramref name="text"/> make, where the byte
    /// behind the first <paramref name="point"/> digits is a decimal point to leave out (16 or more: there is none).
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
            return (Sum(digits.AsUInt64().GetElement(0)) * 100_000_000) + Sum(digits.AsUInt64().GetElement(1));

        var pairs = Ssse3.MultiplyAddAdjacent(digits, Vector128.Create((ushort)(10 | (1 << 8))).AsSByte());
        var fours = Sse2.MultiplyAddAdjacent(pairs, Vector128.Create(100 | (1 << 16)).AsInt16());
        var eights = Sse2.MultiplyAddAdjacent(
            Sse41.PackUnsignedSaturate(fours, fours).AsInt16(), Vector128.Create(10_000 | (1 << 16)).AsInt16());
        ulong halves = eights.AsUInt64().ToScalar();
        return ((halves & uint.MaxValue) * 100_000_000) + (halves >> 32);
    }

    // the same within one word: the byte of least weight holds the first digit
    private static ulong Sum(ulong digits)
    {
        const ulong Low = 0x000000FF_000000FF;
        ulong pairs = (digits * 10) + (digits >> 8);
        ulong outer = (pairs & Low) * ((1_000_000ul << 32) | 100);
        ulong inner = ((pairs >> 16) & Low) * ((10_000ul << 32) | 1);
        return (outer + inner) >> 32;
    }
}
