using System.Runtime.CompilerServices;

namespace LossService.Formats.Numbers;

/// <summary>The shortest decimals of eight float32 at once: <see cref="ShortestDecimal"/> with one number a lane and no branch.</summary>
/// <remarks>
/// One number at a time, the chain of multiplications, comparisons and digit splits is longer than a core's out-of-order window, so
/// numbers do not overlap; eight at a time share one chain. Let v = c · 2^e and G = 2^e · 10^−k in [1, 13.4) with 60 bits of
/// fraction, rounded up. Then (4c − 2) · G, 4c · G and (4c + 2) · G are the lower end, v and the upper end in quarters of 10^k, with
/// 33 bits of fraction. Their errors are less than one such bit, so one bit above a boundary counts as on it.
/// </remarks>
internal unsafe struct Float32Decimals
{
    /// <summary>The numbers of a block.</summary>
    public const int Count = 8;

    private const int Fraction = 33;
    private const int Normal = 1 << 23;

    private static readonly ulong[] Scales = ComputeScales();

    /// <summary>The first of nine digits of each number, never 0.</summary>
    public fixed ulong First[Count];

    /// <summary>The other eight, one a byte, the first of them in the lowest.</summary>
    public fixed ulong Rest[Count];

    /// <summary>The power of ten of each number's first digit.</summary>
    public fixed long Power[Count];

    /// <summary>Converts the eight float32 whose bits are at <paramref name="source"/>.</summary>
    /// <remarks>Correct for every normal number; the result for zeros, subnormal and non-finite numbers is undefined.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Convert(uint* source)
    {
        var bits = UInt64x8.Widen(source);
        var fraction = bits & (Normal - 1);
        var biased = (bits >> 23) & 0xFF;
        // a power of two: floats below it lie twice as close
        var isPower = UInt64x8.Equal(fraction, UInt64x8.Create(0)) & (biased > UInt64x8.Create(1));

        // k = ⌊log10 2^e⌋, or ⌊log10 (3/4 · 2^e)⌋ for powers of two, plus 64 to keep it positive
        var k = (biased.Multiply32(1_262_611) + ((64ul << 22) - 150 * 1_262_611) - (isPower & 524_031)) >> 22;
        UInt64x8 scale;
        fixed (ulong* scales = Scales) scale = (biased + (isPower & 256)).LookUp(scales);

        var c = (fraction | Normal) << 2;
        var upperScale = scale >> 32;
        var lower = Scale(c - 2 - isPower, upperScale, scale);
        var value = Scale(c, upperScale, scale);
        var upper = Scale(c + 2, upperScale, scale);

        // the ends belong to the interval if c is even
        var odd = (bits & 1) << 1;
        var min = lower + odd - 1;
        var max = upper - odd;

        var unit = value >> (Fraction + 2);
        var atUnit = unit << (Fraction + 2);
        var unitOutside = min > atUnit;
        var nextOutside = atUnit + (4ul << Fraction) > max;
        var nextCloser = value + ((unit & 1) << 1) > atUnit + ((2ul << Fraction) + 1);
        var nextUnit = UInt64x8.Select(unitOutside ^ nextOutside, unitOutside, nextCloser);

        var ten = (unit.Multiply32(0xCCCCCCCD) >> 35).Multiply32(10);
        var atTen = ten << (Fraction + 2);
        var tenOutside = min > atTen;
        var nextTenOutside = atTen + (40ul << Fraction) > max;
        var digits = UInt64x8.Select(tenOutside ^ nextTenOutside, ten + (tenOutside & 10), unit - nextUnit);

        Split(digits, k);
    }

    // splits into nine digits, of which the first is not zero; there are at least seven
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Split(UInt64x8 digits, UInt64x8 k)
    {
        for (var i = 0; i < 2; i++)
        {
            var isShort = digits < UInt64x8.Create(100_000_000);
            digits += isShort & digits.Multiply32(9);
            k += isShort;
        }
        var first = digits.Multiply32(0x55E63B89) >> 57;
        var rest = digits - first.Multiply32(100_000_000);

        var fours = rest.Multiply32(0xD1B71759) >> 45;
        var halves = fours + ((rest - fours.Multiply32(10_000)) << 32);
        var pairs = halves.MultiplyEach32(10_486).ShiftEach32(20);
        var shorts = pairs + ((halves - pairs.MultiplyEach32(100)) << 16);
        var tens = shorts.MultiplyEach16(103).ShiftEach16(10);
        var eight = tens + ((shorts - tens.MultiplyEach16(10)) << 8);

        fixed (ulong* firsts = First, rests = Rest)
        fixed (long* power = Power)
        {
            first.Store(firsts);
            eight.Store(rests);
            (k - (64 - 8)).Store((ulong*)power);
        }
    }

    // c · G with 33 bits of fraction
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static UInt64x8 Scale(UInt64x8 c, UInt64x8 upperScale, UInt64x8 scale) =>
        (c.Multiply32(upperScale) << (Fraction - 28)) + (c.Multiply32(scale) >> (60 - Fraction));

    // by biased exponent: 256 for numbers that are not powers of two, then 256 for powers of two
    private static ulong[] ComputeScales()
    {
        var scales = new ulong[512];
        for (var i = 0; i < scales.Length; i++)
        {
            var e = (i & 0xFF) - 150;
            var k = (e * 1_262_611 - (i < 256 ? 0 : 524_031)) >> 22;
            scales[i] = (PowersOfTen.High(-k) >> (3 - e - PowersOfTen.Exponent(-k))) + 1;
        }
        return scales;
    }
}
