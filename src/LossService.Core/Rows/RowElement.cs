using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LossService.Core.Numerics;

namespace LossService.Core.Rows;

/// <summary>How a kernel reads the elements of a tensor: eight at a time, widened to double.</summary>
internal unsafe interface IElement<TSelf> where TSelf : unmanaged, IElement<TSelf>
{
    /// <summary>Eight elements.</summary>
    static abstract Vector512<double> Load(TSelf* source);
}

/// <summary>How a kernel also writes them: eight at a time, each rounded once.</summary>
internal unsafe interface IRowElement<TSelf> : IElement<TSelf> where TSelf : unmanaged, IRowElement<TSelf>
{
    /// <summary>Writes eight elements.</summary>
    static abstract void Store(Vector512<double> value, TSelf* destination);

    /// <summary>Reads four neighbours from each of eight rows, and stores a column of eight for each neighbour.</summary>
    static abstract void LoadColumns(TSelf** rows, int start, TSelf* columns);

    /// <summary>Writes four neighbours of each of eight rows.</summary>
    static abstract void StoreColumns(
        Vector512<double> one, Vector512<double> two, Vector512<double> three, Vector512<double> four, TSelf** rows, int start);

    /// <summary>The least and the largest of at least one element, none NaN.</summary>
    static abstract (double Least, double Largest) Range(TSelf* row, int count);

    /// <summary>The least and the largest, lane by lane, of at least one column of eight, none NaN.</summary>
    static abstract Vector512<double> RangeOfColumns(TSelf* columns, int count, out Vector512<double> largest);

    /// <summary>One element.</summary>
    static abstract double ToDouble(TSelf value);

    /// <summary>One element, rounded to nearest even.</summary>
    static abstract TSelf FromDouble(double value);
}

/// <summary>An element of a float64 tensor.</summary>
internal readonly unsafe struct Float64Row(double value) : IRowElement<Float64Row>
{
    private readonly double _value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(Float64Row* source) => Vector512.Load((double*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<double> value, Float64Row* destination) => value.Store((double*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadColumns(Float64Row** rows, int start, Float64Row* columns) =>
        Transposition.Read((double**)rows, start, (double*)columns);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreColumns(
        Vector512<double> one, Vector512<double> two, Vector512<double> three, Vector512<double> four, Float64Row** rows, int start) =>
        Transposition.Write(one, two, three, four, (double**)rows, start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (double Least, double Largest) Range(Float64Row* row, int count) => Extremes.Of((double*)row, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> RangeOfColumns(Float64Row* columns, int count, out Vector512<double> largest)
    {
        var least = largest = Load(columns);
        for (var c = 1; c < count; c++)
        {
            var column = Load(columns + c * Lanes.Width);
            (least, largest) = (Vector512.MinNative(least, column), Vector512.MaxNative(largest, column));
        }
        return least;
    }

    public static double ToDouble(Float64Row value) => value._value;

    public static Float64Row FromDouble(double value) => new(value);
}

/// <summary>An element of a float32 tensor.</summary>
internal readonly unsafe struct Float32Row(float value) : IRowElement<Float32Row>
{
    private readonly float _value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(Float32Row* source) => Widen(Vector256.Load((float*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<double> value, Float32Row* destination) => Narrow(value).Store((float*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadColumns(Float32Row** rows, int start, Float32Row* columns) =>
        Transposition.Read((float**)rows, start, (float*)columns);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreColumns(
        Vector512<double> one, Vector512<double> two, Vector512<double> three, Vector512<double> four, Float32Row** rows, int start) =>
        Transposition.Write(Narrow(one), Narrow(two), Narrow(three), Narrow(four), (float**)rows, start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (double Least, double Largest) Range(Float32Row* row, int count) => Extremes.Of((float*)row, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> RangeOfColumns(Float32Row* columns, int count, out Vector512<double> largest)
    {
        var low = Vector256.Load((float*)columns);
        var high = low;
        for (var c = 1; c < count; c++)
        {
            var column = Vector256.Load((float*)(columns + c * Lanes.Width));
            (low, high) = (Vector256.MinNative(low, column), Vector256.MaxNative(high, column));
        }
        largest = Widen(high);
        return Widen(low);
    }

    public static double ToDouble(Float32Row value) => value._value;

    public static Float32Row FromDouble(double value) => new((float)value);

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
