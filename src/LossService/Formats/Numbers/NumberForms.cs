using System.Runtime.InteropServices;

namespace LossService.Formats.Numbers;

/// <summary>
/// What makes a float64 of a number of up to sixteen characters, by its length and the place of its point: a shuffle that leaves out the
/// point and moves the last digit to the last byte, with zeros before the first, and the power of ten to divide the digits by.
/// </summary>
internal static unsafe class NumberForms
{
    /// <summary>The longest number without its sign.</summary>
    public const uint MaxLength = 16;

    /// <summary>Where the power of ten is in a form, behind the sixteen indices of bytes.</summary>
    public const int Divisor = 16;

    /// <summary>
    /// The divisor of a text that is no number. Divided by it, everything is this again, whose lower bits are those of a midpoint between
    /// two float32; so it is found where the rounding is not certain.
    /// </summary>
    public const ulong NoNumber = 0x7FF8_0000_1000_0000;

    private const nuint FractionsOnly = MaxLength + 1;

    /// <summary>The forms: <see cref="At"/>, <see cref="OfFraction"/>.</summary>
    public static readonly byte* Table = Compute();

    /// <summary>The place of a form in <see cref="Table"/>.</summary>
    /// <param name="whole">The digits before the point, 0 to 16; 0 is no number.</param>
    /// <param name="length">
    /// The characters in all, up to 16, the same as <paramref name="whole"/> where there is no point; one more is no number.
    /// </param>
    public static nuint At(nuint whole, nuint length) => ((whole << 4) + length) << 5;

    /// <summary>The place of the form of 1 to 16 digits that a point is before.</summary>
    public static nuint OfFraction(nuint digits) => At(FractionsOnly, digits);

    private static byte* Compute()
    {
        var table = (byte*)NativeMemory.AlignedAlloc(OfFraction(MaxLength) + 32, 32);
        for (nuint length = 0; length <= MaxLength; length++) Set(table + At(0, length), 0, length, NoNumber);
        for (nuint whole = 1; whole <= MaxLength; whole++)
        {
            for (var length = whole; length <= MaxLength; length++)
            {
                var places = length == whole ? 0 : length - whole - 1;
                Set(table + At(whole, length), whole, length, length > whole && places == 0 ? NoNumber : Power(places));
            }
        }
        for (nuint digits = 1; digits <= MaxLength; digits++) Set(table + OfFraction(digits), FractionsOnly, digits, Power(digits));
        return table;

        static ulong Power(nuint exponent) => BitConverter.DoubleToUInt64Bits(ExactPowers.Table[(int)exponent]);
    }

    private static void Set(byte* form, nuint point, nuint length, ulong divisor)
    {
        const byte None = 0x80;
        var shuffle = new Span<byte>(form, Divisor);
        shuffle.Fill(None);
        var place = Divisor;
        for (var i = length; i-- > 0;) if (i != point) shuffle[--place] = (byte)i;
        *(ulong*)(form + Divisor) = divisor;
    }
}
