using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>An element of a float32 tensor.</summary>
internal readonly unsafe struct StoredFloat32(float value) : IStoredFloat<StoredFloat32>
{
    private readonly float _value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(StoredFloat32* source) => Widen(Vector256.Load((float*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<double> value, StoredFloat32* destination) => Narrow(value).Store((float*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> LoadFour(StoredFloat32* source)
    {
        var four = Vector128.Load((float*)source);
        return Avx.IsSupported
            ? Avx.ConvertToVector256Double(four)
            : Vector256.Create(Vector128.WidenLower(four), Vector128.WidenUpper(four));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFour(Vector256<double> value, StoredFloat32* destination)
    {
        var four = Avx.IsSupported ? Avx.ConvertToVector128Single(value) : Vector128.Narrow(value.GetLower(), value.GetUpper());
        four.Store((float*)destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadColumns(StoredFloat32** rows, int start, StoredFloat32* columns) =>
        Transpose.Read((float**)rows, start, (float*)columns);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreColumns(
        Vector512<double> one, Vector512<double> two, Vector512<double> three, Vector512<double> four, StoredFloat32** rows, int start) =>
        Transpose.Write(Narrow(one), Narrow(two), Narrow(three), Narrow(four), (float**)rows, start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (double Min, double Max) FindMinMax(StoredFloat32* row, int count) => MinMax.Find((float*)row, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> FindMinMaxOfColumns(StoredFloat32* columns, int count, out Vector512<double> max)
    {
        var low = Vector256.Load((float*)columns);
        var high = low;
        for (var c = 1; c < count; c++)
        {
            var column = Vector256.Load((float*)(columns + c * VectorMath.Width));
            (low, high) = (Vector256.MinNative(low, column), Vector256.MaxNative(high, column));
        }
        max = Widen(high);
        return Widen(low);
    }

    public static double ToDouble(StoredFloat32 value) => value._value;

    public static StoredFloat32 FromDouble(double value) => new((float)value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Widen(Vector256<float> eight)
    {
        if (Avx512F.IsSupported) return Avx512F.ConvertToVector512Double(eight);
        var (lower, upper) = Vector256.Widen(eight);
        return Vector512.Create(lower, upper);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Narrow(Vector512<double> eight) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector256Single(eight)
        : Vector256.Narrow(eight.GetLower(), eight.GetUpper());
}
