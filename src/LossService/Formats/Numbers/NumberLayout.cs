using System.Runtime.InteropServices;
using System.Text;

namespace LossService.Formats.Numbers;

/// <summary>
/// How the digits of a float32 are laid out as text, by the power of ten of the first digit: 0.00125 or 1250 for 1e-5 ≤ |x| &lt; 1e16,
/// else 1.25e-7. A table, since each of these forms has other places and lengths, and branches on them are mispredicted.
/// </summary>
/// <remarks>
/// An entry is at (power − <see cref="MinPower"/>) · 16: 16 indices of bytes for a shuffle; at <see cref="Suffixes"/> from there the
/// exponent with a comma, and their length in the highest byte; at <see cref="Lengths"/> the length before the exponent, by the number
/// of zeros that the nine digits end in.
/// </remarks>
internal static unsafe class NumberLayout
{
    /// <summary>The power that stands for zero; the least of a number is −38.</summary>
    public const int MinPower = -40;

    /// <summary>From an entry to its exponent and comma.</summary>
    public const int Suffixes = Size;

    /// <summary>From an entry to its lengths.</summary>
    public const int Lengths = 2 * Size;

    /// <summary>The digits of a number: the second to the ninth, then the first.</summary>
    public const int Digits = 9;

    /// <summary>Where the shuffle finds a point.</summary>
    public const int Point = 9;

    /// <summary>Where the shuffle finds a zero.</summary>
    public const int Zero = 10;

    // the first digit's power of ten in a plain decimal
    private const int MinPlain = -5;
    private const int MaxPlain = 15;

    private const int MaxPower = 38;
    private const int Size = (MaxPower - MinPower + 1) * 16;

    /// <summary>The entry of <see cref="MinPower"/>.</summary>
    public static readonly byte* Table = Compute();

    /// <summary>Whether a number is a plain decimal, by the power of ten of its first digit.</summary>
    public static bool IsPlain(int power) => power is >= MinPlain and <= MaxPlain;

    private static byte* Compute()
    {
        var table = (byte*)NativeMemory.AlignedAlloc(3 * Size, 16);
        new Span<byte>(table, 3 * Size).Clear();
        for (var power = MinPower; power <= MaxPower; power++)
        {
            var entry = table + (power - MinPower) * 16;
            var isPlain = IsPlain(power) || power == MinPower;
            var places = isPlain && power != MinPower ? power : 0;
            for (var i = 0; i < 16; i++) entry[i] = (byte)IndexAt(i, places);
            for (var zeros = 0; zeros < Digits; zeros++) entry[Lengths + zeros] = (byte)Length(Digits - zeros, places);

            var suffix = Encoding.ASCII.GetBytes(isPlain ? "," : FormattableString.Invariant($"e{power},"));
            suffix.CopyTo(new Span<byte>(entry + Suffixes, 7));
            entry[Suffixes + 7] = (byte)suffix.Length;
        }
        return table;
    }

    // which byte of the digits is the character i, where the first digit has this power
    private static int IndexAt(int i, int power)
    {
        var point = int.Max(power, 0) + 1;
        if (i == point) return Point;
        var digit = (i > point ? i - 1 : i) + int.Min(power, 0);
        return digit switch
        {
            < 0 or >= Digits => Zero,
            0 => Digits - 1,
            _ => digit - 1,
        };
    }

    private static int Length(int digits, int power) =>
        power < 0 ? digits + 1 - power : digits > power + 1 ? digits + 1 : power + 1;
}
