using System.Runtime.CompilerServices;

namespace LossService.Formats.Numbers;

/// <summary>
/// The shortest decimal that reads back as the same floating-point number; among those of equal length the closest to it.
/// </summary>
/// <remarks>
/// R. Giulietti's Schubfach ("The Schubfach way to render doubles", 2020). The reals that round to v = c · 2^e reach from
/// half a unit below it to half a unit above, where the ends belong to them if c is even. With 10^k the greatest power of ten
/// not above the interval's width, two neighbouring multiples of 10^(k+1) enclose v, and at most one of them lies
/// inside; if none does, one of the two neighbouring multiples of 10^k is the answer. The ends and v are held as
/// multiples of 10^k/4, whose last bit is set also where a fraction was cut off ("round to odd"), which keeps every
/// comparison exact.
/// </remarks>
internal static class ShortestDecimal
{
    private const int FractionBits32 = 23;
    private const int FractionBits64 = 52;

    /// <summary>The decimal digits · 10^<paramref name="exponent"/> of a float32; they may end in zeros.</summary>
    /// <param name="bits">The bits of a finite number; the sign is ignored.</param>
    /// <param name="exponent">The power of ten.</param>
    /// <returns>The digits, less than 10^9; 0 only for zero.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint OfFloat32(uint bits, out int exponent)
    {
        uint fraction = bits & ((1u << FractionBits32) - 1);
        uint biased = (bits >> FractionBits32) & 0xFF;
        uint subnormal = Choice.Bit(biased == 0);
        uint c = fraction | ((1 - subnormal) << FractionBits32);
        int e = (int)(biased + subnormal) - 150;
        uint halved = Choice.Bit(fraction == 0) & Choice.Bit(biased > 1); // below a power of two numbers lie twice as close

        exponent = PowerBelow(e, (int)halved);
        int shift = e + PowersOfTen.Exponent(-exponent) + 1;
        ulong g = PowersOfTen.High(-exponent) + 1;
        ulong lower = ToOdd(g, ((4 * c) - 2 + halved) << shift);
        ulong value = ToOdd(g, (4 * c) << shift);
        ulong upper = ToOdd(g, ((4 * c) + 2) << shift);
        return (uint)Choose(lower + (c & 1), value, upper - (c & 1));
    }

    /// <summary>The decimal digits · 10^<paramref name="exponent"/> of a float64; they may end in zeros.</summary>
    /// <param name="bits">The bits of a finite number; the sign is ignored.</param>
    /// <param name="exponent">The power of ten.</param>
    /// <returns>The digits, less than 10^17; 0 only for zero.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong OfFloat64(ulong bits, out int exponent)
    {
        ulong fraction = bits & ((1ul << FractionBits64) - 1);
        uint biased = (uint)(bits >> FractionBits64) & 0x7FF;
        uint subnormal = Choice.Bit(biased == 0);
        ulong c = fraction | ((1ul - subnormal) << FractionBits64);
        int e = (int)(biased + subnormal) - 1075;
        uint halved = Choice.Bit(fraction == 0) & Choice.Bit(biased > 1);

        exponent = PowerBelow(e, (int)halved);
        int shift = e + PowersOfTen.Exponent(-exponent) + 1;
        ulong high = PowersOfTen.High(-exponent);
        ulong low = PowersOfTen.Low(-exponent) + 1;
        if (low == 0) high++;
        ulong lower = ToOdd(high, low, ((4 * c) - 2 + halved) << shift);
        ulong value = ToOdd(high, low, (4 * c) << shift);
        ulong upper = ToOdd(high, low, ((4 * c) + 2) << shift);
        return Choose(lower + (c & 1), value, upper - (c & 1));
    }

    // ⌊log10 2^e⌋, or ⌊log10 (3/4 · 2^e)⌋ where the interval is narrower by a quarter
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int PowerBelow(int e, int halved) => ((e * 1_262_611) - (halved * 524_031)) >> 22;

    // c·g / 2^64; g exceeds the true power by less than one, so a fraction of up to 2^-32 is a true zero
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong ToOdd(ulong g, uint c)
    {
        ulong product = ((g >> 32) * c) + (((g & uint.MaxValue) * c) >> 32);
        return (product >> 32) | Choice.Bit((uint)product > 1);
    }

    // c·g / 2^128 likewise
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong ToOdd(ulong gHigh, ulong gLow, ulong c)
    {
        ulong high = Math.BigMul(gHigh, c, out ulong low);
        ulong add = Math.BigMul(gLow, c, out _);
        low += add;
        return (high + Choice.Bit(low < add)) | Choice.Bit(low > 1);
    }

    // all in quarters of a unit
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Choose(ulong lower, ulong value, ulong upper)
    {
        ulong unit = value / 4;
        uint unitInside = Choice.Bit(lower <= 4 * unit);
        uint nextInside = Choice.Bit((4 * unit) + 4 <= upper);
        uint nextCloser = Choice.Bit(value + (unit & 1) > (4 * unit) + 2);
        uint oneInside = unitInside ^ nextInside;
        ulong ofUnits = unit + ((nextInside & oneInside) | (nextCloser & ~oneInside));

        ulong ten = unit / 10 * 10;
        uint tenInside = Choice.Bit(lower <= 4 * ten);
        uint nextTenInside = Choice.Bit((4 * ten) + 40 <= upper);
        return Choice.Of(tenInside ^ nextTenInside, ten + (10 * nextTenInside), ofUnits);
    }
}
