using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>An element of a bfloat16 tensor.</summary>
[StructLayout(LayoutKind.Sequential, Size = sizeof(ushort))]
internal readonly unsafe struct StoredBFloat16(ushort bits) : INarrowFloat<StoredBFloat16>
{
    private const int Fraction = 7, Bias = 127;

    private readonly ushort _bits = bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Load(StoredBFloat16* source) => StoredFloat32.Widen(LoadFloats(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadFloats(StoredBFloat16* source)
    {
        var bits = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsUInt16());
        return (bits << 16).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<double> value, StoredBFloat16* destination) =>
        HalfBits.Store(HalfBits.Round(value, Fraction, Bias), (ushort*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> LoadEight(StoredBFloat16* source) =>
        Avx512F.ConvertToVector512Double(HalfBits.FromBFloat16(HalfBits.Load((ushort*)source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreEight(Vector512<double> value, StoredBFloat16* destination) =>
        HalfBits.Store(HalfBits.Round(value, Fraction, Bias), (ushort*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadSixteenFloats(StoredBFloat16* source) => (HalfBits.LoadSixteen((ushort*)source) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreEightColumns(double* columns, Vector512<double> factors, StoredBFloat16** rows, int start) =>
        HalfBits.StoreEightColumns(columns, factors, Fraction, Bias, (ushort**)rows, start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreColumns(
        Vector256<double> one, Vector256<double> two, Vector256<double> three, Vector256<double> four, StoredBFloat16** rows, int start) =>
        Transpose.Store(one, two, three, four, rows, start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (double Min, double Max) FindMinMax(StoredBFloat16* row, int count)
    {
        var (min, max) = MinMax.FindOfWords((ushort*)row, count);
        return (ToDouble(new(min)), ToDouble(new(max)));
    }

    public static double ToDouble(StoredBFloat16 value) => BitConverter.UInt32BitsToSingle((uint)value._bits << 16);

    public static StoredBFloat16 FromDouble(double value) =>
        new((ushort)HalfBits.Round(Vector256.Create(value), Fraction, Bias).ToScalar());
}
