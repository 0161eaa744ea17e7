using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>An element of a float16 tensor.</summary>
[StructLayout(LayoutKind.Sequential, Size = sizeof(ushort))]
internal readonly unsafe struct StoredFloat16(ushort bits) : INarrowFloat<StoredFloat16>
{
    private const int Fraction = 10, Bias = 15;

    private readonly ushort _bits = bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Load(StoredFloat16* source) => StoredFloat32.Widen(LoadFloats(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadFloats(StoredFloat16* source)
    {
        var bits = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsUInt16());
        var size = (bits & Vector128.Create(0x7FFFu)) << 13;
        // see HalfBits
        var normal = (size + Vector128.Create(0x38000000u)).AsSingle();
        var four = Vector128.MinNative(normal, normal + normal - Vector128.Create(6.103515625e-5f)).AsUInt32();
        var isSpecial = Vector128.GreaterThan(size.AsInt32(), Vector128.Create(0x7BFF << 13)).AsUInt32();
        four |= isSpecial & Vector128.Create(0x7F800000u);
        var sign = (bits & Vector128.Create(0x8000u)) << 16;
        return (four | sign).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<double> value, StoredFloat16* destination) =>
        HalfBits.Store(HalfBits.Round(value, Fraction, Bias), (ushort*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> LoadEight(StoredFloat16* source) => HalfBits.FromEightFloat16((ushort*)source, areFinite: false);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> LoadEightFinite(StoredFloat16* source) =>
        HalfBits.FromEightFloat16((ushort*)source, areFinite: true);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreEight(Vector512<double> value, StoredFloat16* destination) =>
        HalfBits.Store(HalfBits.Round(value, Fraction, Bias), (ushort*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadSixteenFloats(StoredFloat16* source) =>
        HalfBits.FromFloat16(HalfBits.LoadSixteen((ushort*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreEightColumns(double* columns, Vector512<double> factors, StoredFloat16** rows, int start) =>
        HalfBits.StoreEightColumns(columns, factors, Fraction, Bias, (ushort**)rows, start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreColumns(
        Vector256<double> one, Vector256<double> two, Vector256<double> three, Vector256<double> four, StoredFloat16** rows, int start) =>
        Transpose.Store(one, two, three, four, rows, start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (double Min, double Max) FindMinMax(StoredFloat16* row, int count)
    {
        var (min, max) = MinMax.FindOfWords((ushort*)row, count);
        return (ToDouble(new(min)), ToDouble(new(max)));
    }

    public static double ToDouble(StoredFloat16 value) => (double)BitConverter.UInt16BitsToHalf(value._bits);

    public static StoredFloat16 FromDouble(double value) => new(BitConverter.HalfToUInt16Bits((Half)value));
}
