using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LossService.Core.Numerics;

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
                HalfBits.Store(eight, destination + i);
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
        var eight = Vector256.Narrow(lower, upper);
        return Vector128.Narrow(eight.GetLower(), eight.GetUpper());
    }

    /// <summary>The bits of the rounded numbers, in the low 16 bits of each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Round(Vector256<double> x, int fraction, int bias, bool signedNaN)
    {
        var bits = HalfBits.Round(x, fraction, bias) & Vector256.Create(0xFFFFul);
        var nan = Vector256.Create(NaN(fraction, bias));
        if (signedNaN) nan |= (x.AsUInt64() >>> 48) & Vector256.Create(0x8000ul);
        return Vector256.ConditionalSelect(Vector256.IsNaN(x).AsUInt64(), nan, bits);
    }

    /// <summary>The same of eight numbers, but for the bits above.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Round(Vector512<double> x, int fraction, int bias, bool signedNaN)
    {
        var nan = Vector512.Create(NaN(fraction, bias));
        if (signedNaN) nan |= (x.AsUInt64() >>> 48) & Vector512.Create(0x8000ul);
        return Vector512.ConditionalSelect(Vector512.IsNaN(x).AsUInt64(), nan, HalfBits.Round(x, fraction, bias));
    }

    private static ulong NaN(int fraction, int bias) => ((2ul * (uint)bias + 1) << fraction) | (1ul << (fraction - 1));
}
