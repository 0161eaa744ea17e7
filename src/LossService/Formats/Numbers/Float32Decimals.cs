using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using UInt64x8 = System.Runtime.Intrinsics.Vector512<ulong>;

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

    private fixed long _scaleIndex[Count];

    /// <summary>Converts the eight float32 whose bits are at <paramref name="source"/>.</summary>
    /// <remarks>Correct for every normal number; the result for zeros, subnormal and non-finite numbers is undefined.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Convert(uint* source)
    {
        var bits = Vector512.WidenLower(Vector256.Load(source).ToVector512Unsafe());
        var fraction = bits & Vector512.Create((ulong)Normal - 1);
        var biased = (bits >> 23) & Vector512.Create(0xFFul);
        // a power of two: floats below it lie twice as close
        var isPower = Vector512.Equals(fraction, UInt64x8.Zero) & Vector512.GreaterThan(biased, UInt64x8.One);

        // k = ⌊log10 2^e⌋, or ⌊log10 (3/4 · 2^e)⌋ for powers of two, plus 64 to keep it positive
        var offset = Vector512.Create((64ul << 22) - 150 * 1_262_611);
        var k = (Multiply(biased, 1_262_611) + offset - (isPower & Vector512.Create(524_031ul))) >> 22;
        var scale = LoadScales(biased + (isPower & Vector512.Create(256ul)));

        var c = (fraction | Vector512.Create((ulong)Normal)) << 2;
        var upperScale = scale >> 32;
        var below = c - Vector512.Create(2ul) - isPower.AsUInt64();
        var lower = Scale(below, upperScale, scale);
        var value = Scale(c, upperScale, scale);
        var upper = Scale(c + Vector512.Create(2ul), upperScale, scale);

        // the ends belong to the interval if c is even
        var odd = (bits & UInt64x8.One) << 1;
        var min = (lower + odd - UInt64x8.One).AsInt64();
        var max = (upper - odd).AsInt64();

        var unit = value >> (Fraction + 2);
        var atUnit = (unit << (Fraction + 2)).AsInt64();
        var unitInside = Vector512.LessThanOrEqual(min, atUnit);
        var nextInside = Vector512.LessThanOrEqual(atUnit + Vector512.Create(4L << Fraction), max);
        var nextCloser = Vector512.GreaterThan(
            (value + ((unit & UInt64x8.One) << 1)).AsInt64(), atUnit + Vector512.Create((2L << Fraction) + 1));
        var nextUnit = Vector512.ConditionalSelect(unitInside ^ nextInside, nextInside, nextCloser);

        var ten = Multiply(Multiply(unit, 0xCCCCCCCD) >> 35, 10);
        var atTen = (ten << (Fraction + 2)).AsInt64();
        var tenInside = Vector512.LessThanOrEqual(min, atTen);
        var nextTenInside = Vector512.LessThanOrEqual(atTen + Vector512.Create(40L << Fraction), max);
        var digits = Vector512.ConditionalSelect(
            (tenInside ^ nextTenInside).AsUInt64(),
            ten + (nextTenInside.AsUInt64() & Vector512.Create(10ul)),
            unit - nextUnit.AsUInt64());

        Split(digits, k);
    }

    // splits into nine digits, of which the first is not zero; there are at least seven
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Split(UInt64x8 digits, UInt64x8 k)
    {
        for (var i = 0; i < 2; i++)
        {
            var isShort = Vector512.LessThan(digits.AsInt64(), Vector512.Create(100_000_000L)).AsUInt64();
            digits += isShort & Multiply(digits, 9);
            k += isShort;
        }
        var first = Multiply(digits, 0x55E63B89) >> 57;
        var rest = digits - Multiply(first, 100_000_000);

        var fours = Multiply(rest, 0xD1B71759) >> 45;
        var halves = (fours + ((rest - Multiply(fours, 10_000)) << 32)).AsUInt32();
        var pairs = (halves * Vector512.Create(10_486u)) >> 20;
        var shorts = (pairs + ((halves - pairs * Vector512.Create(100u)) << 16)).AsUInt16();
        var tens = (shorts * Vector512.Create((ushort)103)) >> 10;
        var eight = (tens + ((shorts - tens * Vector512.Create((ushort)10)) << 8)).AsUInt64();

        fixed (ulong* firsts = First, rests = Rest)
        fixed (long* power = Power)
        {
            first.Store(firsts);
            eight.Store(rests);
            (k.AsInt64() - Vector512.Create(64L - 8)).Store(power);
        }
    }

    // c · G with 33 bits of fraction
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static UInt64x8 Scale(UInt64x8 c, UInt64x8 upperScale, UInt64x8 scale) =>
        (Multiply(c, upperScale) << (Fraction - 28)) + (Multiply(c, scale) >> (60 - Fraction));

    // multiplies the lower 32 bits of each lane
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static UInt64x8 Multiply(UInt64x8 a, UInt64x8 b) => Avx512F.IsSupported
        ? Avx512F.Multiply(a.AsUInt32(), b.AsUInt32())
        : (a & Vector512.Create((ulong)uint.MaxValue)) * (b & Vector512.Create((ulong)uint.MaxValue));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static UInt64x8 Multiply(UInt64x8 a, uint b) => Multiply(a, Vector512.Create((ulong)b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private UInt64x8 LoadScales(UInt64x8 index)
    {
        fixed (long* at = _scaleIndex)
        fixed (ulong* scales = Scales)
        {
            index.AsInt64().Store(at);
            return Vector512.Create(
                scales[at[0]], scales[at[1]], scales[at[2]], scales[at[3]], scales[at[4]], scales[at[5]], scales[at[6]], scales[at[7]]);
        }
    }

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
