using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Formats.Numbers;

/// <summary>
/// The shortest decimals of eight float32 at once, in float64 arithmetic: those of <see cref="ShortestDecimal"/> wherever a lane is
/// certain, and the lanes that are not.
/// </summary>
/// <remarks>
/// Let v = c · 2^e, 10^k the greatest power of ten not above 2^e, and V = v · 10^−k, less than 2^28. The reals that round to v are
/// those within h = 2^(e−1) · 10^−k of V, and 1/2 ≤ h &lt; 5. So at most one multiple of ten is that near, and it is the shortest
/// decimal; if none is, the integer nearest to V is. A float32 and its half unit are exact as float64. 10^−k and the product are each
/// rounded once, so V is off by less than 2^−24. A lane where an error of four times as much could change a comparison is uncertain.
/// Such are exact ties, and fewer than one of a million other numbers.
/// </remarks>
internal unsafe struct Float32Decimals
{
    /// <summary>The numbers of a block.</summary>
    public const int Count = 8;

    private const double Margin = 1.0 / (1 << 22);
    private const ulong ExponentBits64 = 0x7FF0_0000_0000_0000;
    private const uint ExponentBits = 0x7F80_0000;
    private const uint FractionBits = 0x007F_FFFF;
    private const int NineDigits = 100_000_000; // the least integer that has nine

    // adding it rounds a number below 2^51 to an integer, ties to even, in the lowest bits
    private const double Rounder = 1L << 52;

    // ⌊log10 2^e⌋ = (1262611 · e) >> 22; 64 is added to keep it positive
    private const int Log2Of = 1_262_611;
    private const int Positive = 64;

    /// <summary>10^−k by the exponent of a float32, which stays where it is.</summary>
    public static readonly double[] Scales = ComputeScales();

    // numbers 0 4 1 5 2 6 3 7: digits 2 to 9, digit 1, a point, zeros
    private fixed byte _texts[16 * Count];

    // numbers 0 1 4 5 2 3 6 7: digits 2 to 9, one a byte, the first in the lowest
    private fixed ulong _rests[Count];

    private fixed int _layouts[Count];
    private fixed int _exponents[Count];

    /// <summary>Converts the eight float32 at <paramref name="source"/>.</summary>
    /// <param name="source">The numbers.</param>
    /// <param name="scales">The first of <see cref="Scales"/>.</param>
    /// <param name="to">Takes the result.</param>
    /// <returns>The lanes, as bits, that have no result: uncertain, subnormal and non-finite numbers, and most powers of two.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Convert(float* source, double* scales, Float32Decimals* to)
    {
        var bits = Vector256.Load((uint*)source);
        var biased = (bits & Vector256.Create(ExponentBits)) >> 23;
        biased.AsInt32().Store(to->_exponents);

        // numbers 0 2 4 6 and 1 3 5 7, so that their integers of 32 bits interleave
        var (even, odd) = Vector256.Widen(
            Vector256.Shuffle(bits & Vector256.Create((uint)int.MaxValue), Vector256.Create(0u, 2, 4, 6, 1, 3, 5, 7)).AsSingle());
        var exponents = to->_exponents;
        var evens = Choose(even, Vector256.Create(
            scales[exponents[0]], scales[exponents[2]], scales[exponents[4]], scales[exponents[6]]), out var evenDoubt, out var evenExact);
        var odds = Choose(odd, Vector256.Create(
            scales[exponents[1]], scales[exponents[3]], scales[exponents[5]], scales[exponents[7]]), out var oddDoubt, out var oddExact);
        var digits = IntegerLanes.Blend(evens, odds << 32).AsInt32();
        var doubt = IntegerLanes.Blend(evenDoubt, oddDoubt);

        // floats below a power of two lie twice as close; 1, 0.5 or 1024 are converted nevertheless, since their decimals are exact
        var isExact = IntegerLanes.Blend(evenExact, oddExact);
        var isPowerOrZero = Vector256.Equals(bits & Vector256.Create(FractionBits), Vector256<uint>.Zero);
        var isSmall = Vector256.Equals(biased, Vector256<uint>.Zero);
        var isOther = Vector256.AndNot(isPowerOrZero ^ isSmall, isExact & isPowerOrZero)
            | Vector256.Equals(biased, Vector256.Create(255u)) | doubt;

        // nine digits, of which the first is not zero; there are at least seven
        var k = (biased.AsInt32() * Log2Of + Vector256.Create((Positive << 22) - 150 * Log2Of)) >> 22;
        for (var i = 0; i < 2; i++)
        {
            var isShort = Vector256.LessThan(digits, Vector256.Create(NineDigits));
            digits += isShort & (digits + (digits << 3));
            k += isShort;
        }
        ((k << 4) + Vector256.Create((8 - Positive - NumberLayout.MinPower) << 4)).Store(to->_layouts);
        to->Split(digits.AsUInt32());
        return isOther.ExtractMostSignificantBits();
    }

    /// <summary>Writes a number and a comma, and returns the end of the text.</summary>
    /// <param name="i">The lane.</param>
    /// <param name="sign">1 for a negative number.</param>
    /// <param name="layouts">The table of <see cref="NumberLayout"/>.</param>
    /// <param name="text">Where to write.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly byte* Write(int i, uint sign, byte* layouts, byte* text)
    {
        fixed (Float32Decimals* from = &this)
        {
            var layout = layouts + from->_layouts[i];
            var digits = Vector128.Load(from->_texts + 32 * (i & 3) + 16 * (i >> 2));
            var zeros = ulong.LeadingZeroCount(from->_rests[(i & 1) | ((i & 2) << 1) | ((i & 4) >> 1)]) / 8;
            *text = (byte)'-';
            text += sign;
            Vector128.ShuffleNative(digits, Vector128.Load(layout)).Store(text);
            text += layout[NumberLayout.Lengths + zeros];
            var suffix = *(ulong*)(layout + NumberLayout.Suffixes);
            *(ulong*)text = suffix;
            return text + (suffix >> 56);
        }
    }

    // the shortest decimal, as an integer in the lower 32 bits; whether it is in doubt, and whether it is the number itself and ends in 0
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Choose(
        Vector256<double> number, Vector256<double> scale, out Vector256<ulong> doubt, out Vector256<ulong> exact)
    {
        var rounder = Vector256.Create(Rounder);
        var value = number * scale;
        var half = ((number.AsUInt64() & Vector256.Create(ExponentBits64)) - Vector256.Create(24ul << 52)).AsDouble() * scale;

        var unit = value + rounder;
        var unitDistance = Vector256.Abs(value - (unit - rounder));
        var ten = (value * 0.1 + rounder - rounder) * 10;
        var tenDistance = Vector256.Abs(value - ten);

        exact = Vector256.Equals(tenDistance, Vector256<double>.Zero).AsUInt64();
        doubt = Vector256.LessThan(
            Vector256.MinNative(Vector256.Abs(tenDistance - half), Vector256.Abs(unitDistance - Vector256.Create(0.5))),
            Vector256.Create(Margin)).AsUInt64();
        var digits = Vector256.ConditionalSelect(Vector256.LessThanOrEqual(tenDistance, half), ten + rounder, unit);
        return digits.AsUInt64();
    }

    // nine digits = first · 10^8 + fours · 10^4 + last
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Split(Vector256<uint> digits)
    {
        // the quotient by 10^4, of five digits; products are exact for 32 bits
        var inverse = Vector256.Create(0xD1B71759ul);
        var fives = IntegerLanes.Blend(
            IntegerLanes.Product(digits.AsUInt64(), inverse) >> 45, IntegerLanes.Product(digits.AsUInt64() >> 32, inverse) >> 13);

        // remainders have at most 14 bits, so the lower 16 of each difference are enough
        var tenThousand = Vector256.Create(10_000u).AsUInt16();
        var low = Vector256.Create((uint)ushort.MaxValue);
        var last = digits.AsUInt16() - fives.AsUInt16() * tenThousand;
        var first = IntegerLanes.ProductHigh((fives >> 4).AsUInt16(), 6_711).AsUInt32() >> 6; // (x / 16) / 625
        var fours = (fives.AsUInt16() - first.AsUInt16() * tenThousand).AsUInt32() & low;
        var groups = (fours | (last.AsUInt32() << 16)).AsUInt16();

        // four digits → two pairs → four, the first in the lowest byte
        var upper = IntegerLanes.ProductHigh(groups, 5_243) >> 3;
        var lower = groups - upper * 100;
        var (upperDigits, lowerDigits) = (SplitPairs(upper), SplitPairs(lower));
        var left = IntegerLanes.ZipLower(upperDigits, lowerDigits);
        var right = IntegerLanes.ZipUpper(upperDigits, lowerDigits);

        // the first digit, a point and zeros behind the others
        var zeros = Vector256.Create(0x30303030u);
        first += Vector256.Create(0x30302E30u);
        var leftFirst = IntegerLanes.ZipLower(first, zeros);
        var rightFirst = IntegerLanes.ZipUpper(first, zeros);
        fixed (ulong* rests = _rests)
        fixed (byte* texts = _texts)
        {
            left.Store(rests);
            right.Store(rests + 4);
            left += zeros.AsUInt64();
            right += zeros.AsUInt64();
            IntegerLanes.ZipLower(left, leftFirst).Store((ulong*)texts);
            IntegerLanes.ZipUpper(left, leftFirst).Store((ulong*)texts + 4);
            IntegerLanes.ZipLower(right, rightFirst).Store((ulong*)texts + 8);
            IntegerLanes.ZipUpper(right, rightFirst).Store((ulong*)texts + 12);
        }
    }

    // numbers below 100 → two digits, the first in the lower byte
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ushort> SplitPairs(Vector256<ushort> pairs) =>
        (pairs << 8) - IntegerLanes.ProductHigh(pairs, 6_554) * (10 * 256 - 1);

    // 10^-k by biased exponent; the first serves zeros
    private static double[] ComputeScales()
    {
        var scales = GC.AllocateArray<double>(256, pinned: true);
        for (var biased = 0; biased < 256; biased++)
        {
            var power = -((int.Max(biased, 1) - 150) * Log2Of >> 22);
            scales[biased] = Math.ScaleB((double)PowersOfTen.High(power), PowersOfTen.Exponent(power) - 63);
        }
        return scales;
    }
}
