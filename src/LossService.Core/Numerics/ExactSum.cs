using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>
/// An exact sum of doubles and of products of two doubles, rounded once by <see cref="Round()"/>: the same terms give the same bits in
/// any order and over any split into threads, batches or merges.
/// </summary>
/// <remarks>
/// <para>A fixed-point number wide enough for every product of doubles (2⁻²¹⁴⁸ to 2²⁰⁴⁸, and 2⁵⁹ times the largest), in 32-bit digits
/// held in 64-bit chunks, so that carries are needed only once in a thousand additions: Kulisch's accumulator in the form of Neal,
/// "Fast exact summation using small and large superaccumulators", arXiv:1505.05571, 2015. Nothing underflows, and an intermediate
/// sum or product may exceed the range of a double.</para>
/// <para>Spans first go through three floating-point bins of fixed unit (J. Demmel, H. D. Nguyen, "Fast reproducible floating-point
/// summation", ARITH 2013). A bin is an accumulator that starts at 1.5·2ᵏ, so large that its unit in the last place stays 2ᵏ⁻⁵². Adding
/// a term rounds the term to that unit; the bin's own sum is exact, and the rounding error, found by two subtractions (Dekker's: the
/// accumulator is the larger), goes to the next bin. The first bin's unit follows from the largest term. The three bins hold the
/// bits of terms down to 2⁻⁷⁵ of it; what remains is added singly.</para>
/// <para>One kilobyte. Not thread-safe: each thread needs its own, and the sums are merged.</para>
/// </remarks>
internal sealed partial class ExactSum
{
    private const int MinExponent = -2148;
    private const int ChunkCount = 132;
    private const long DigitMask = 0xFFFF_FFFF;

    // a term adds less than 2⁵² + 2³² to a chunk, so this many leave it below 2⁶³
    private const int TermsPerCarry = 1024;

    // the terms of one pass through the bins: with 2⁸ of them below 2ᵉ⁺¹, all lanes together stay within 2ᵉ⁺⁹, and so within 2ᵏ⁻¹ of
    // their start for k = e + 10; the next bin's terms are at most 2ᵏ⁻⁵³
    private const int BlockSize = 256, BlockBits = 10;

    // the terms of two vectors, which are added at a time
    private const int Pair = 2 * Lanes.Width;

    // the exponents of the largest term for which no bin's start overflows and no unit underflows
    private const int MaxBinExponent = 1000, MinBinExponent = -800;

    private readonly long[] _chunks = new long[ChunkCount];
    private int _termsUntilCarry = TermsPerCarry;
    private double _nonFinite;

    /// <summary>Adds <paramref name="x"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(double x)
    {
        if (!double.IsFinite(x))
        {
            _nonFinite += x;
            return;
        }
        var (significand, exponent) = Decompose(x);
        Add(significand, exponent - MinExponent);
    }

    /// <summary>Adds a × b, exactly: all 106 bits, also where the product alone would underflow or overflow.</summary>
    public void AddProduct(double a, double b)
    {
        if (!double.IsFinite(a) || !double.IsFinite(b))
        {
            _nonFinite += a * b;
            return;
        }
        var (aSignificand, aExponent) = Decompose(a);
        var (bSignificand, bExponent) = Decompose(b);
        var product = (Int128)aSignificand * bSignificand;
        var position = aExponent + bExponent - MinExponent;
        Add((long)(product & ((1L << 53) - 1)), position);
        Add((long)(product >> 53), position + 53);
    }

    /// <summary>Adds every value; about one addition each where all are within a factor of 2⁷⁵.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(ReadOnlySpan<double> values) => Add(values, null);

    /// <summary>Adds every value to this sum and to another, at little more than the price of one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(ReadOnlySpan<double> values, ExactSum? other)
    {
        while (values.Length >= Pair)
        {
            var count = int.Min(values.Length & -Pair, BlockSize);
            AddBlock(values[..count], other);
            values = values[count..];
        }
        foreach (var value in values) Add(value, other);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Add(double x, ExactSum? other)
    {
        Add(x);
        other?.Add(x);
    }

    /// <summary>Adds up to <see cref="BlockSize"/> values, a multiple of eight of them, through the bins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private void AddBlock(ReadOnlySpan<double> values, ExactSum? other)
    {
        ref var first = ref MemoryMarshal.GetReference(values);
        if (Lanes.HasMost)
        {
            AddEight(ref first, values.Length, other);
            return;
        }
        var (max, otherMax) = (Vector256<long>.Zero, Vector256<long>.Zero);
        for (var i = 0; i < values.Length; i += Pair)
        {
            max = Vector256.Max(max, Vector256.Abs(Vector256.LoadUnsafe(ref first, (nuint)i)).AsInt64());
            otherMax = Vector256.Max(otherMax, Vector256.Abs(Vector256.LoadUnsafe(ref first, (nuint)i + 4)).AsInt64());
        }
        var largest = MaxLane(Vector256.Max(max, otherMax));
        if (largest is 0) return;
        // the largest term lies between 2ᵉ and 2ᵉ⁺¹
        var e = (int)(largest >> 52) - 1023;
        if (e is < MinBinExponent or > MaxBinExponent)
        {
            foreach (var value in values) Add(value, other);
            return;
        }
        var aStart = StartBin(e + BlockBits);
        var bStart = StartBin(e + 2 * BlockBits - 53);
        var cStart = StartBin(e + 3 * BlockBits - 106);
        // two of each, so that their chains of additions overlap
        var (a, b, c) = (aStart, bStart, cStart);
        var (otherA, otherB) = (aStart, bStart);
        // set aside rather than added at once: a call in the loop would spill the bins from their registers
        Span<double> left = stackalloc double[BlockSize];
        var count = 0;
        for (var i = 0; i < values.Length; i += Pair)
        {
            var rest = Vector256.LoadUnsafe(ref first, (nuint)i);
            var next = Vector256.LoadUnsafe(ref first, (nuint)i + 4);
            a = Absorb(a, ref rest);
            otherA = Absorb(otherA, ref next);
            b = Absorb(b, ref rest);
            otherB = Absorb(otherB, ref next);
            if (Vector256.EqualsAll(rest | next, Vector256<double>.Zero)) continue;
            c = Absorb(c, ref rest);
            c = Absorb(c, ref next);
            if (Vector256.EqualsAll(rest | next, Vector256<double>.Zero)) continue;
            rest.CopyTo(left[count..]);
            next.CopyTo(left[(count + 4)..]);
            count += Pair;
        }
        foreach (var rest in left[..count]) Add(rest, other);
        // exact: together the lanes have moved by less than 2⁵² units in the last place
        Add(Vector256.Sum((a - aStart) + (otherA - aStart)), other);
        Add(Vector256.Sum((b - bStart) + (otherB - bStart)), other);
        Add(Vector256.Sum(c - cStart), other);
    }

    /// <summary>Adds the sum of <paramref name="other"/>, which does not change.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(ExactSum other)
    {
        Carry();
        var (start, end) = other.FindDigits();
        for (var i = start; i < end; i++)
        {
            var chunk = other._chunks[i];
            _chunks[i] += chunk & DigitMask;
            _chunks[i + 1] += chunk >> 32;
        }
        _chunks[^1] += other._chunks[^1];
        Carry();
        _nonFinite += other._nonFinite;
    }

    /// <summary>Resets the sum to zero.</summary>
    public void Clear()
    {
        Array.Clear(_chunks);
        _termsUntilCarry = TermsPerCarry;
        _nonFinite = 0;
    }

    /// <summary>
    /// The exact sum, rounded once to the nearest double (ties to even): ±∞ only if the exact sum is beyond the range or a term
    /// was infinite, NaN if a term was NaN or if both infinities were added. An exact zero is +0.
    /// </summary>
    public double Round() => Round(0);

    /// <summary>The exact sum times 2^<paramref name="exponent"/>, rounded once: finite where the sum itself is beyond the range.</summary>
    public double Round(int exponent)
    {
        if (_nonFinite != 0) return _nonFinite;
        Carry();
        Span<long> digits = stackalloc long[ChunkCount];
        _chunks.CopyTo(digits);
        var negative = digits[^1] < 0;
        if (negative) Negate(digits);
        var magnitude = RoundMagnitude(digits, exponent);
        return negative ? -magnitude : magnitude;
    }

    /// <summary>x = significand · 2^exponent, with the sign in the significand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    private static (long Significand, int Exponent) Decompose(double x)
    {
        var bits = BitConverter.DoubleToInt64Bits(x);
        var exponent = (int)(bits >> 52) & 0x7FF;
        var fraction = bits & ((1L << 52) - 1);
        var significand = exponent == 0 ? fraction : fraction | (1L << 52);
        return (bits < 0 ? -significand : significand, Math.Max(exponent, 1) - 1075);
    }

    /// <summary>Adds term · 2^(position + MinExponent) for |term| ≤ 2⁵³.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    private void Add(long term, int position)
    {
        var chunk = position >> 5;
        var shift = position & 31;
        _chunks[chunk] += (term << shift) & DigitMask;
        _chunks[chunk + 1] += term >> (32 - shift);
        if (--_termsUntilCarry == 0) Carry();
    }

    /// <summary>Returns accumulator + term, and sets the term to that sum's rounding error; exact if the accumulator is larger.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Absorb(Vector256<double> accumulator, ref Vector256<double> term)
    {
        var sum = accumulator + term;
        term -= sum - accumulator;
        return sum;
    }

    /// <summary>1.5·2ᵉ: within 2ᵉ⁻¹ of it, the doubles are the multiples of 2ᵉ⁻⁵².</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> StartBin(int e) =>
        Vector256.Create(BitConverter.Int64BitsToDouble(((e + 1023L) << 52) | (1L << 51)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long MaxLane(Vector256<long> four)
    {
        var two = Vector128.Max(four.GetLower(), four.GetUpper());
        return long.Max(two[0], two[1]);
    }

    /// <summary>Subtracts another sum.</summary>
    public void Subtract(ExactSum other)
    {
        Carry();
        var (start, end) = other.FindDigits();
        for (var i = start; i < end; i++)
        {
            var chunk = other._chunks[i];
            _chunks[i] -= chunk & DigitMask;
            _chunks[i + 1] -= chunk >> 32;
        }
        _chunks[^1] -= other._chunks[^1];
        Carry();
        _nonFinite -= other._nonFinite;
    }

    /// <summary>Leaves a digit in 0…2³²−1 in every chunk but the last, which keeps the sign.</summary>
    private void Carry()
    {
        PassCarries(_chunks);
        _termsUntilCarry = TermsPerCarry;
    }

    private static void PassCarries(Span<long> chunks)
    {
        // terms of like size touch few of the chunks
        var i = chunks.IndexOfAnyExcept(0L);
        if (i < 0) return;
        for (var last = chunks.LastIndexOfAnyExcept(0L); i < chunks.Length - 1 && (i <= last || chunks[i] != 0); i++)
        {
            chunks[i + 1] += chunks[i] >> 32;
            chunks[i] &= DigitMask;
        }
    }

    /// <summary>From where to before where there are digits, the last chunk aside.</summary>
    private (int Start, int End) FindDigits()
    {
        var chunks = _chunks.AsSpan(0, ChunkCount - 1);
        return (Math.Max(chunks.IndexOfAnyExcept(0L), 0), chunks.LastIndexOfAnyExcept(0L) + 1);
    }

    private static void Negate(Span<long> digits)
    {
        foreach (ref var digit in digits) digit = -digit;
        PassCarries(digits);
    }
}
