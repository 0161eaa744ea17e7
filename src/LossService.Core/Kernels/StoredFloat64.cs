using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>An element of a float64 tensor.</summary>
internal readonly unsafe struct StoredFloat64(double value) : IStoredFloat<StoredFloat64>
{
    private readonly double _value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(StoredFloat64* source) => Vector512.Load((double*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<double> value, StoredFloat64* destination) => value.Store((double*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> LoadFour(StoredFloat64* source) => Vector256.Load((double*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFour(Vector256<double> value, StoredFloat64* destination) => value.Store((double*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadColumns(StoredFloat64** rows, int start, StoredFloat64* columns) =>
        Transpose.Read((double**)rows, start, (double*)columns);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreColumns(
        Vector512<double> one, Vector512<double> two, Vector512<double> three, Vector512<double> four, StoredFloat64** rows, int start) =>
        Transpose.Write(one, two, three, four, (double**)rows, start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (double Min, double Max) FindMinMax(StoredFloat64* row, int count) => MinMax.Find((double*)row, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> FindMinMaxOfColumns(StoredFloat64* columns, int count, out Vector512<double> max)
    {
        var min = max = Load(columns);
        for (var c = 1; c < count; c++)
        {
            var column = Load(columns + c * VectorMath.Width);
            (min, max) = (Vector512.MinNative(min, column), Vector512.MaxNative(max, column));
        }
        return min;
    }

    public static double ToDouble(StoredFloat64 value) => value._value;

    public static StoredFloat64 FromDouble(double value) => new(value);
}
