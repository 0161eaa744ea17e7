using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LossService.Core.Numerics;

namespace LossService.Core.Tensors;

/// <summary>Widens stored elements to doubles, eight at a time: exact, except 64-bit integers beyond ±2^53.</summary>
internal static unsafe class Widening
{
    private const int Width = 8;

    /// <summary>2⁵²: an integer below that in the low bits of this double makes it 2⁵² plus the integer.</summary>
    private const double Two52 = 4503599627370496.0;

    /// <summary>Widens binary16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(Half* source, Span<double> destination)
    {
        var i = 0;
        if (Lanes.HasMost)
        {
            for (; i <= destination.Length - Width; i += Width)
                HalfBits.FromEightFloat16((ushort*)source + i, areFinite: false).StoreUnsafe(ref destination[i]);
        }
        for (; i <= destination.Length - Width; i += Width)
            Store(HalfBits.FromFloat16(HalfBits.Load((ushort*)source + i)), ref destination[i]);
        for (; i < destination.Length; i++) destination[i] = (double)source[i];
    }

    /// <summary>Widens bfloat16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WidenBFloat16(ushort* source, Span<double> destination)
    {
        var i = 0;
        for (; i <= destination.Length - Width; i += Width)
            Store(HalfBits.FromBFloat16(HalfBits.Load(source + i)), ref destination[i]);
        for (; i < destination.Length; i++) destination[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
    }

    /// <summary>Widens binary32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(float* source, Span<double> destination)
    {
        var i = 0;
        for (; i <= destination.Length - Width; i += Width) Store(Vector256.Load(source + i), ref destination[i]);
        for (; i < destination.Length; i++) destination[i] = source[i];
    }

    /// <summary>Widens bytes, and booleans.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(byte* source, Span<double> destination)
    {
        var i = 0;
        for (; i <= destination.Length - Width; i += Width)
            Store(WidenToUInt32(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)(source + i)).AsByte())), ref destination[i]);
        for (; i < destination.Length; i++) destination[i] = source[i];
    }

    /// <summary>Widens signed bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(sbyte* source, Span<double> destination)
    {
        var i = 0;
        for (; i <= destination.Length - Width; i += Width)
        {
            var words = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)(source + i)).AsSByte());
            Store(Vector128.WidenLower(words), Vector128.WidenUpper(words), ref destination[i]);
        }
        for (; i < destination.Length; i++) destination[i] = source[i];
    }

    /// <summary>Widens signed 16-bit integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(short* source, Span<double> destination)
    {
        var i = 0;
        for (; i <= destination.Length - Width; i += Width)
        {
            var words = Vector128.Load(source + i);
            Store(Vector128.WidenLower(words), Vector128.WidenUpper(words), ref destination[i]);
        }
        for (; i < destination.Length; i++) destination[i] = source[i];
    }

    /// <summary>Widens unsigned 16-bit integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(ushort* source, Span<double> destination)
    {
        var i = 0;
        for (; i <= destination.Length - Width; i += Width) Store(WidenToUInt32(Vector128.Load(source + i)), ref destination[i]);
        for (; i < destination.Length; i++) destination[i] = source[i];
    }

    /// <summary>Widens signed 32-bit integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(int* source, Span<double> destination)
    {
        var i = 0;
        for (; i <= destination.Length - Width; i += Width)
            Store(Vector128.Load(source + i), Vector128.Load(source + i + 4), ref destination[i]);
        for (; i < destination.Length; i++) destination[i] = source[i];
    }

    /// <summary>Widens unsigned 32-bit integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(uint* source, Span<double> destination)
    {
        var i = 0;
        for (; i <= destination.Length - Width; i += Width) Store(Vector256.Load(source + i), ref destination[i]);
        for (; i < destination.Length; i++) destination[i] = source[i];
    }

    /// <summary>Converts signed 64-bit integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(long* source, Span<double> destination)
    {
        var i = 0;
        for (; i <= destination.Length - 4; i += 4)
            Vector256.ConvertToDouble(Vector256.Load(source + i)).StoreUnsafe(ref destination[i]);
        for (; i < destination.Length; i++) destination[i] = source[i];
    }

    /// <summary>Converts unsigned 64-bit integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(ulong* source, Span<double> destination)
    {
        for (var i = 0; i < destination.Length; i++) destination[i] = source[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> WidenToUInt32(Vector128<ushort> words) =>
        Vector256.Create(Vector128.WidenLower(words), Vector128.WidenUpper(words));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<float> eight, ref double destination)
    {
        var (lower, upper) = Vector256.Widen(eight);
        lower.StoreUnsafe(ref destination);
        upper.StoreUnsafe(ref destination, 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<uint> eight, ref double destination)
    {
        var (lower, upper) = Vector256.Widen(eight);
        var two52 = Vector256.Create(Two52);
        ((lower | two52.AsUInt64()).AsDouble() - two52).StoreUnsafe(ref destination);
        ((upper | two52.AsUInt64()).AsDouble() - two52).StoreUnsafe(ref destination, 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector128<int> lower, Vector128<int> upper, ref double destination)
    {
        ToDouble(lower).StoreUnsafe(ref destination);
        ToDouble(upper).StoreUnsafe(ref destination, 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> ToDouble(Vector128<int> four) => Avx.IsSupported
        ? Avx.ConvertToVector256Double(four)
        : Vector256.ConvertToDouble(Vector256.Create(Vector128.WidenLower(four), Vector128.WidenUpper(four)));
}
