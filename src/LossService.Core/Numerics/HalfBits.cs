using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Core.Numerics;

/// <summary>
/// Numbers of 16 bits to float32 and back, eight at a time: .NET has no access to the processor's instructions for them. No step has a
/// subnormal float32 as an operand, which takes a hundred times as long.
/// </summary>
internal static unsafe class HalfBits
{
    /// <summary>
    /// Cuts doubles to two digits more than the fraction of a number of 16 bits has, and sets the last one where others were cut off:
    /// float32 has the result exactly, and its rounding to 16 bits is that of the double.
    /// </summary>
    /// <param name="numbers">The doubles.</param>
    /// <param name="fraction">The bits of the fraction.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> ToOdd(Vector256<double> numbers, int fraction)
    {
        var last = 1L << (50 - fraction);
        var (bits, dropped) = (numbers.AsInt64(), Vector256.Create(last - 1));
        var more = ((bits & dropped) + dropped) & Vector256.Create(last);
        return (Vector256.AndNot(bits, dropped) | more).AsDouble();
    }

    /// <inheritdoc cref="ToOdd(Vector256{double}, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> ToOdd(Vector512<double> numbers, int fraction)
    {
        var last = 1L << (50 - fraction);
        var (bits, dropped) = (numbers.AsInt64(), Vector512.Create(last - 1));
        var more = ((bits & dropped) + dropped) & Vector512.Create(last);
        return (Vector512.AndNot(bits, dropped) | more).AsDouble();
    }

    /// <summary>Reads eight numbers, each in the low half of a lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Load(ushort* source)
    {
        var words = Vector128.Load(source);
        return Avx2.IsSupported ? Avx2.ConvertToVector256Int32(words).AsUInt32()
            : Vector256.Create(Vector128.WidenLower(words), Vector128.WidenUpper(words));
    }

    /// <summary>Writes the low halves of eight lanes, whose high halves are 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<uint> bits, ushort* destination) =>
        Vector128.Narrow(bits.GetLower(), bits.GetUpper()).Store(destination);

    /// <summary>Widens binary16, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> FromFloat16(Vector256<uint> bits)
    {
        var size = (bits & Vector256.Create(0x7FFFu)) << 13;
        // the exponents differ by 112; a subnormal number is 2⁻¹⁴ too large once it has the exponent of 2⁻¹⁴
        var normal = size + Vector256.Create(0x38000000u);
        var subnormal = (size + Vector256.Create(0x38800000u)).AsSingle() - Vector256.Create(6.103515625e-5f);
        var isSmall = Vector256.LessThan(size.AsInt32(), Vector256.Create(0x400 << 13)).AsUInt32();
        var number = Vector256.ConditionalSelect(isSmall, subnormal.AsUInt32(), normal);
        // an infinity and NaN have the largest exponent
        var isSpecial = Vector256.GreaterThan(size.AsInt32(), Vector256.Create(0x7BFF << 13)).AsUInt32();
        number |= isSpecial & Vector256.Create(0x7F800000u);
        return (number | ((bits & Vector256.Create(0x8000u)) << 16)).AsSingle();
    }

    /// <summary>Rounds float32 to binary16, to nearest even; no number is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> ToFloat16(Vector256<float> numbers)
    {
        var bits = numbers.AsUInt32();
        var size = bits & Vector256.Create(0x7FFFFFFFu);
        var odd = (size >>> 13) & Vector256<uint>.One;
        // + a half of the last place that is kept, − the difference of the exponents
        var normal = (size + odd + Vector256.Create(0xC8000FFFu)) >>> 13;
        // the unit in the last place of 0.5 is that of the subnormal numbers, so that the addition rounds
        var half = Vector256.Create(0.5f);
        var subnormal = (size.AsSingle() + half).AsUInt32() - half.AsUInt32();
        var isSmall = Vector256.LessThan(size.AsInt32(), Vector256.Create(0x38800000)).AsUInt32();
        var rounded = Vector256.ConditionalSelect(isSmall, subnormal, normal);
        var overflows = Vector256.GreaterThan(size.AsInt32(), Vector256.Create(0x477FEFFF)).AsUInt32();
        rounded = Vector256.ConditionalSelect(overflows, Vector256.Create(0x7C00u), rounded);
        return rounded | ((bits >>> 16) & Vector256.Create(0x8000u));
    }

    /// <summary>Widens bfloat16, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> FromBFloat16(Vector256<uint> bits) => (bits << 16).AsSingle();

    /// <summary>Rounds float32 to bfloat16, to nearest even; no number is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> ToBFloat16(Vector256<float> numbers)
    {
        var bits = numbers.AsUInt32();
        return (bits + ((bits >>> 16) & Vector256<uint>.One) + Vector256.Create(0x7FFFu)) >>> 16;
    }
}
