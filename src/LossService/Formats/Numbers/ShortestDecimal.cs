using System.Runtime.CompilerServices;

namespace LossService.Formats.Numbers;

/// <summary>The shortest decimal that reads back as the same float; among those of equal length the closest to it.</summary>
/// <remarks>
/// R. Giulietti's Schubfach ("The Schubfach way to render doubles", 2020). The reals that round to v = c · 2^e form an interval
/// from half a unit below it to half a unit above, with its ends if c is even. With 10^k the greatest power of ten not above the
/// interval's width, two neighbouring multiples of 10^(k+1) enclose v, and at most one of them lies inside; if none does, one of
/// the two neighbouring multiples of 10^k is the answer. The ends and v are held as multiples of 10^k/4 whose last bit is set also
/// where a fraction was cut off ("round to odd"), which keeps every comparison exact.
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
    public static uint FromFloat32(uint bits, out int exponent)
    {
        var fraction = bits & ((1u << FractionBits32) - 1);
        var biased = (bits >> FractionBits32) & 0xFF;
        var subnormal = Branchless.ToBit(biased == 0);
        var c = fraction | ((1 - subnormal) << FractionBits32);
        var e = (int)(biased + subnormal) - 150;
        var halved = Branchless.ToBit(fraction == 0) & Branchless.ToBit(biased > 1); // floats below a power of two lie twice as close

        exponent = PowerBelow(e, (int)halved);
        var shift = e + PowersOfTen.Exponent(-exponent) + 1;
        var g = PowersOfTen.High(-exponent) + 1;
        var lower = RoundToOdd(g, (4 * c - 2 + halved) << shift);
        var value = RoundToOdd(g, (4 * c) << shift);
        var upper = RoundToOdd(g, (4 * c + 2) << shift);
        return (uint)Choose(lower + (c & 1), value, upper - (c & 1));
    }

    /// <summary>The decimal digits · 10^<paramref name="exponent"/> of a float64; they may end in zeros.</summary>
    /// <param name="bits">The bits of a finite number; the sign is ignored.</param>
    /// <param name="exponent">The power of ten.</param>
    /// <returns>The digits, less than 10^17; 0 only for zero.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong FromFloat64(ulong bits, out int exponent)
    {
        var fraction = bits & ((1ul << FractionBits64) - 1);
        var biased = (uint)(bits >> FractionBits64) & 0x7FF;
        var subnormal = Branchless.ToBit(biased == 0);
        var c = fraction | ((1ul - subnormal) << FractionBits64);
        var e = (int)(biased + subnormal) - 1075;
        var halved = Branchless.ToBit(fraction == 0) & Branchless.ToBit(biased > 1);

        exponent = PowerBelow(e, (int)halved);
        var shift = e + PowersOfTen.Exponent(-exponent) + 1;
        var high = PowersOfTen.High(-exponent);
        var low = PowersOfTen.Low(-exponent) + 1;
        if (low == 0) high++;
        var lower = RoundToOdd(high, low, (4 * c - 2 + halved) << shift);
        var value = RoundToOdd(high, low, (4 * c) << shift);
        var upper = RoundToOdd(high, low, (4 * c + 2) << shift);
        return Choose(lower + (c & 1), value, upper - (c & 1));
    }

    // ⌊log10 2^e⌋, or ⌊log10 (3/4 · 2^e)⌋ where the interval is narrower by a quarter
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int PowerBelow(int e, int halved) => (e * 1_262_611 - halved * 524_031) >> 22;

    // c·g / 2^64; g exceeds the true power by less than one, so a fraction of up to 2^-32 is a true zero
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong RoundToOdd(ulong g, uint c)
    {
        var product = (g >> 32) * c + (((g & uint.MaxValue) * c) >> 32);
        return (product >> 32) | Branchless.ToBit((uint)product > 1);
    }

    // c·g / 2^128, likewise
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong RoundToOdd(ulong gHigh, ulong gLow, ulong c)
    {
        var high = Math.BigMul(gHigh, c, out var low);
        var add = Math.BigMul(gLow, c, out _);
        low += add;
        return (high + Branchless.ToBit(low < add)) | Branchless.ToBit(low > 1);
    }

    // all in quarters of a unit
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Choose(ulong lower, ulong value, ulong upper)
    {
        var unit = value / 4;
        var unitInside = Branchless.ToBit(lower <= 4 * unit);
        var nextInside = Branchless.ToBit(4 * unit + 4 <= upper);
        var nextCloser = Branchless.ToBit(value + (unit & 1) > 4 * unit + 2);
        var oneInside = unitInside ^ nextInside;
        var ofUnits = unit + ((nextInside & oneInside) | (nextCloser & ~oneInside));

        var ten = unit / 10 * 10;
        var tenInside = Branchless.ToBit(lower <= 4 * ten);
        var nextTenInside = Branchless.ToBit(4 * ten + 40 <= upper);
        return Branchless.Select(tenInside ^ nextTenInside, ten + 10 * nextTenInside, ofUnits);
    }
}
