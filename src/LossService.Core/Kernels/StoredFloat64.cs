using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>An element of a float64 tensor.</summary>
internal readonly unsafe struct StoredFloat64(double value) : IStoredFloat<StoredFloat64>
{
    private readonly double _value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Load(StoredFloat64* source) => Vector256.Load((double*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<double> value, StoredFloat64* destination) => value.Store((double*)destination);

    /// <summary>Reads elements start to start + 3 of each of four rows, and stores them as four columns of four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadColumns(StoredFloat64** rows, int start, StoredFloat64* columns)
    {
        var (one, two, three, four) = (Load(rows[0] + start), Load(rows[1] + start), Load(rows[2] + start), Load(rows[3] + start));
        Lanes.Transpose(ref one, ref two, ref three, ref four);
        Store(one, columns);
        Store(two, columns + 4);
        Store(three, columns + 8);
        Store(four, columns + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreColumns(
        Vector256<double> one, Vector256<double> two, Vector256<double> three, Vector256<double> four, StoredFloat64** rows, int start) =>
        Transpose.Store(one, two, three, four, rows, start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (double Min, double Max) FindMinMax(StoredFloat64* row, int count) => MinMax.Find((double*)row, count);

    public static double ToDouble(StoredFloat64 value) => value._value;

    public static StoredFloat64 FromDouble(double value) => new(value);
}
