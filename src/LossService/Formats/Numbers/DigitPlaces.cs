using System.Runtime.InteropServices;

namespace LossService.Formats.Numbers;

/// <summary>
/// Where the digits of a number of up to sixteen characters are: shuffles that leave out its point and move its last digit to the last
/// byte, with zeros before the first.
/// </summary>
internal static unsafe class DigitPlaces
{
    /// <summary>The longest number without its sign.</summary>
    public const uint MaxLength = 16;

    /// <summary>Sixteen indices of bytes for each length before the point and length in all: <see cref="At"/>.</summary>
    public static readonly byte* Table = Compute();

    /// <summary>The place of a shuffle in <see cref="Table"/>.</summary>
    /// <param name="whole">The digits before the point, 1 to 16.</param>
    /// <param name="length">The characters in all, 1 to 16, the same as <paramref name="whole"/> where there is no point.</param>
    public static uint At(uint whole, uint length) => ((whole << 4) + length) << 4;

    private static byte* Compute()
    {
        const byte None = 0x80;
        var table = (byte*)NativeMemory.AlignedAlloc(At(MaxLength, MaxLength) + 16, 16);
        for (uint whole = 1; whole <= MaxLength; whole++)
        {
            for (var length = whole; length <= MaxLength; length++)
            {
                var shuffle = new Span<byte>(table + At(whole, length), 16);
                shuffle.Fill(None);
                var place = 16;
                for (var i = length; i-- > 0;) if (i != whole) shuffle[--place] = (byte)i;
            }
        }
        return table;
    }
}
