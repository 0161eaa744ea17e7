using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Core.Tensors;

/// <summary>Narrows doubles to stored elements, eight at a time: each rounded once, to nearest even.</summary>
internal static unsafe class Narrowing
{
    private const int Width = 8;

    /// <summary>Narrows to binary32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Narrow(ReadOnlySpan<double> source, float* destination)
    {
        var i = 0;
        for (; i <= source.Length - Width; i += Width)
            Vector256.Narrow(Vector256.LoadUnsafe(in source[i]), Vector256.LoadUnsafe(in source[i + 4])).Store(destination + i);
        for (; i < source.Length; i++) destination[i] = (float)source[i];
    }

    /// <summary>Narrows to binary16: 10 bits of fraction, normal from 2⁻¹⁴.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Narrow(ReadOnlySpan<double> source, Half* destination) =>
        Narrow(source, (ushort*)destination, fraction: 10, bias: 15, signedNaN: true);

    /// <summary>Narrows to bfloat16: 7 bits of fraction, normal from 2⁻¹²⁶.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void NarrowBFloat16(ReadOnlySpan<double> source, ushort* destination) =>
        Narrow(source, destination, fraction: 7, bias: 127, signedNaN: false);

    /// <summary>Drops the fraction, to signed 64-bit integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Narrow(ReadOnlySpan<double> source, long* destination)
    {
        for (var i = 0; i < source.Length; i++) destination[i] = (long)source[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Narrow(ReadOnlySpan<double> source, ushort* destination, int fraction, int bias, bool signedNaN)
    {
        var i = 0;
        if (Avx512F.IsSupported)
        {
            for (; i <= source.Length - Width; i += Width)
            {
                var eight = Round(Vector512.LoadUnsafe(in source[i]), fraction, bias, signedNaN);
                Avx512F.ConvertToVector128UInt16(eight.AsUInt64()).Store(destination + i);
            }
        }
        for (; i <= source.Length - Width; i += Width)
            Round(source[i..], fraction, bias, signedNaN).Store(destination + i);
        if (i == source.Length) return;
        Span<double> last = stackalloc double[Width];
        source[i..].CopyTo(last);
        var rounded = Round(last, fraction, bias, signedNaN);
        for (var j = 0; i < source.Length; i++, j++) destination[i] = rounded[j];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Round(ReadOnlySpan<double> source, int fraction, int bias, bool signedNaN)
    {
        var lower = Round(Vector256.LoadUnsafe(in source[0]), fraction, bias, signedNaN);
        var upper = Round(Vector256.LoadUnsafe(in source[4]), fraction, bias, signedNaN);
        var eight = Vector256.Narrow(lower.AsUInt64(), upper.AsUInt64());
        return Vector128.Narrow(eight.GetLower(), eight.GetUpper());
    }

    /// <summary>The bits of the rounded numbers, in the low 16 bits of each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<long> Round(Vector256<double> x, int fraction, int bias, bool signedNaN)
    {
        var size = Vector256.Abs(x);
        var bits = size.AsInt64();
        // a half of the last place that is kept, less one where that place is even
        var dropped = 52 - fraction;
        var rounding = Vector256.Create((1L << (dropped - 1)) - 1) + ((bits >>> dropped) & Vector256<long>.One);
        var normal = ((bits + rounding) >>> dropped) - Vector256.Create((1023L - bias) << fraction);
        // the unit in the last place of the sum is that of the subnormal numbers, so that the addition rounds
        var unit = Vector256.Create(BitConverter.Int64BitsToDouble((1023L + 52 + 1 - bias - fraction) << 52));
        var subnormal = (size + unit).AsInt64() - unit.AsInt64();
        var least = Vector256.Create(BitConverter.Int64BitsToDouble((1023L + 1 - bias) << 52));
        var rounded = Vector256.ConditionalSelect(Vector256.LessThan(size, least).AsInt64(), subnormal, normal);
        var infinity = Vector256.Create((2L * bias + 1) << fraction);
        rounded = Vector256.Min(rounded, infinity);
        var sign = (x.AsInt64() >>> 48) & Vector256.Create(0x8000L);
        var nan = infinity | Vector256.Create(1L << (fraction - 1));
        return Vector256.ConditionalSelect(Vector256.IsNaN(x).AsInt64(), signedNaN ? nan | sign : nan, rounded | sign);
    }

    /// <summary>The same of eight numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<long> Round(Vector512<double> x, int fraction, int bias, bool signedNaN)
    {
        var size = Vector512.Abs(x);
        var bits = size.AsInt64();
        // a half of the last place that is kept, less one where that place is even
        var dropped = 52 - fraction;
        var rounding = Vector512.Create((1L << (dropped - 1)) - 1) + ((bits >>> dropped) & Vector512<long>.One);
        var normal = ((bits + rounding) >>> dropped) - Vector512.Create((1023L - bias) << fraction);
        // the unit in the last place of the sum is that of the subnormal numbers, so that the addition rounds
        var unit = Vector512.Create(BitConverter.Int64BitsToDouble((1023L + 52 + 1 - bias - fraction) << 52));
        var subnormal = (size + unit).AsInt64() - unit.AsInt64();
        var least = Vector512.Create(BitConverter.Int64BitsToDouble((1023L + 1 - bias) << 52));
        var rounded = Vector512.ConditionalSelect(Vector512.LessThan(size, least).AsInt64(), subnormal, normal);
        var infinity = Vector512.Create((2L * bias + 1) << fraction);
        rounded = Vector512.Min(rounded, infinity);
        var sign = (x.AsInt64() >>> 48) & Vector512.Create(0x8000L);
        var nan = infinity | Vector512.Create(1L << (fraction - 1));
        return Vector512.ConditionalSelect(Vector512.IsNaN(x).AsInt64(), signedNaN ? nan | sign : nan, rounded | sign);
    }
}
