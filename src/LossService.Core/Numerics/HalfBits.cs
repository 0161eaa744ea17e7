using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Core.Numerics;

/// <summary>
/// Numbers of 16 bits to float32 and back, many at a time: .NET has no access to the processor's instructions for them. No step has a
/// subnormal float32 as an operand, which takes a hundred times as long.
/// </summary>
internal static unsafe class HalfBits
{
    /// <summary>
    /// Rounds doubles to the bits of a number of 16 bits, to nearest even, once; those beyond its range to infinity. No number is NaN.
    /// </summary>
    /// <remarks>
    /// The sum of a number and the power of 2 whose last place is that of the result is the number in units of that place. Where the
    /// result is subnormal, the power is that of the least normal number. The factor also adds what the exponent is to be larger.
    /// </remarks>
    /// <param name="numbers">The doubles.</param>
    /// <param name="fraction">The bits of the fraction.</param>
    /// <param name="bias">The bias of the exponent.</param>
    /// <returns>The bits in the low 16 of each lane, and anything above them.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> Round(Vector256<double> numbers, int fraction, int bias)
    {
        var size = Vector256.MinNative(Vector256.Abs(numbers), Vector256.Create(PowerOf2(bias + 1)));
        var power = Vector256.MaxNative(size, Vector256.Create(PowerOf2(1 - bias))) & Vector256.Create(double.PositiveInfinity);
        // the product is exact, with an instruction for both or without
        var sum = Vector256.MultiplyAddEstimate(power, Vector256.Create(ToUnits(fraction, bias)), size).AsUInt64();
        return (sum + (sum >>> (52 - fraction))) | ((numbers.AsUInt64() >>> 48) & Vector256.Create(0x8000ul));
    }

    /// <inheritdoc cref="Round(Vector256{double}, int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Round(Vector512<double> numbers, int fraction, int bias)
    {
        var most = Vector512.Create(PowerOf2(bias + 1));
        // 0b1010: that of the smaller size, without its sign
        var size = Avx512DQ.IsSupported ? Avx512DQ.Range(numbers, most, 0b1010) : Avx512F.Min(Vector512.Abs(numbers), most);
        var power = Avx512F.Max(size, Vector512.Create(PowerOf2(1 - bias))) & Vector512.Create(double.PositiveInfinity);
        var sum = Avx512F.FusedMultiplyAdd(power, Vector512.Create(ToUnits(fraction, bias)), size).AsUInt64();
        return (sum + (sum >>> (52 - fraction))) | ((numbers.AsUInt64() >>> 48) & Vector512.Create(0x8000ul));
    }

    /// <summary>Writes the low 16 bits of four lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<ulong> bits, ushort* destination)
    {
        if (Avx512F.VL.IsSupported)
        {
            *(ulong*)destination = Avx512F.VL.ConvertToVector128UInt16(bits).AsUInt64().ToScalar();
            return;
        }
        var words = bits & Vector256.Create(0xFFFFul);
        var four = Vector128.Narrow(words.GetLower(), words.GetUpper());
        *(ulong*)destination = Vector128.Narrow(four, four).AsUInt64().ToScalar();
    }

    /// <summary>Writes the low 16 bits of eight lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<ulong> bits, ushort* destination) => Avx512F.ConvertToVector128UInt16(bits).Store(destination);

    /// <summary>Reads eight numbers, each in the low half of a lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Load(ushort* source)
    {
        var words = Vector128.Load(source);
        return Avx2.IsSupported ? Avx2.ConvertToVector256Int32(words).AsUInt32()
            : Vector256.Create(Vector128.WidenLower(words), Vector128.WidenUpper(words));
    }

    /// <summary>Reads sixteen numbers, each in the low half of a lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> LoadSixteen(ushort* source) => Avx512F.ConvertToVector512UInt32(Vector256.Load(source));

    /// <summary>Rounds eight columns of four doubles, times a factor for each row, and writes them to four rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreEightColumns(
        double* columns, Vector512<double> factors, int fraction, int bias, ushort** rows, int start)
    {
        var (one, two) = (RoundEight(columns), RoundEight(columns + 8));
        var (three, four) = (RoundEight(columns + 16), RoundEight(columns + 24));
        // element c·4 + r of what is read is element r·8 + c of what is written
        var ofRows = Vector512.Create(0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29,
            2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, (ushort)31);
        var words = Avx512BW.PermuteVar32x16(
            Vector512.Create(Vector256.Create(one, two), Vector256.Create(three, four)), ofRows);
        words.GetLower().GetLower().Store(rows[0] + start);
        words.GetLower().GetUpper().Store(rows[1] + start);
        words.GetUpper().GetLower().Store(rows[2] + start);
        words.GetUpper().GetUpper().Store(rows[3] + start);

        Vector128<ushort> RoundEight(double* from) =>
            Avx512F.ConvertToVector128UInt16(Round(Vector512.Load(from) * factors, fraction, bias));
    }

    /// <summary>Widens binary16, exactly.</summary>
    /// <remarks>
    /// A subnormal number has 2⁻¹⁵·(1 + fraction) with the exponent of a normal one, and is 2⁻¹⁴·fraction, twice as much less 2⁻¹⁴.
    /// For a normal number, from 2⁻¹⁴ up, that is no less than the number itself.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> FromFloat16(Vector256<uint> bits)
    {
        var size = (bits & Vector256.Create(0x7FFFu)) << 13;
        // the exponents differ by 112
        var normal = (size + Vector256.Create(0x38000000u)).AsSingle();
        var number = Vector256.MinNative(normal, normal + normal - Vector256.Create(6.103515625e-5f)).AsUInt32();
        // an infinity and NaN have the largest exponent
        var isSpecial = Vector256.GreaterThan(size.AsInt32(), Vector256.Create(0x7BFF << 13)).AsUInt32();
        number |= isSpecial & Vector256.Create(0x7F800000u);
        return (number | ((bits & Vector256.Create(0x8000u)) << 16)).AsSingle();
    }

    /// <inheritdoc cref="FromFloat16(Vector256{uint})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> FromFloat16(Vector512<uint> bits)
    {
        var size = (bits & Vector512.Create(0x7FFFu)) << 13;
        var normal = (size + Vector512.Create(0x38000000u)).AsSingle();
        var number = Vector512.MinNative(normal, normal + normal - Vector512.Create(6.103515625e-5f)).AsUInt32();
        var isSpecial = Vector512.GreaterThan(size, Vector512.Create(0x7BFFu << 13));
        number |= isSpecial & Vector512.Create(0x7F800000u);
        return (number | ((bits & Vector512.Create(0x8000u)) << 16)).AsSingle();
    }

    /// <summary>Widens eight binary16 to doubles, exactly, in the same way.</summary>
    /// <param name="source">The numbers.</param>
    /// <param name="areFinite">Whether none is infinite or NaN.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> FromEightFloat16(ushort* source, bool areFinite)
    {
        var bits = Avx512F.ConvertToVector512Int64(Vector128.Load((short*)source)) << 42;
        var size = bits & Vector512.Create(0x7FFFL << 42);
        // the exponents differ by 1008
        var normal = (size + Vector512.Create(1008L << 52)).AsDouble();
        var number = Avx512F.Min(normal, Avx512F.FusedMultiplyAdd(normal, Vector512.Create(2.0), Vector512.Create(-PowerOf2(-14))));
        if (!areFinite)
        {
            var isSpecial = Vector512.GreaterThan(size, Vector512.Create(0x7BFFL << 42)).AsDouble();
            number = Vector512.ConditionalSelect(isSpecial, number | Vector512.Create(double.PositiveInfinity), number);
        }
        return number | (bits.AsDouble() & Vector512.Create(-0.0));
    }

    /// <summary>Widens bfloat16, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> FromBFloat16(Vector256<uint> bits) => (bits << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    private static double PowerOf2(int exponent) => BitConverter.Int64BitsToDouble((1023L + exponent) << 52);

    /// <summary>
    /// The factor of a power of 2 to that whose last place is the result's, and to what the exponent of the number of 16 bits, less its
    /// leading 1, is larger than that power's, modulo what there is place for.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    private static double ToUnits(int fraction, int bias) =>
        PowerOf2(52 - fraction) + ((bias - 1 - 1023 - (52 - fraction)) & ((1 << (16 - fraction)) - 1));
}
