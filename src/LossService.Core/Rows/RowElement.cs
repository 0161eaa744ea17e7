using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

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

    /// <summary>The least and the largest of at least one element, none NaN.</summary>
    static abstract (double Least, double Largest) Range(TSelf* row, int count);

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
    public static (double Least, double Largest) Range(Float64Row* row, int count) => Extremes.Of((double*)row, count);

    public static double ToDouble(Float64Row value) => value._value;

    public static Float64Row FromDouble(double value) => new(value);
}

/// <summary>An element of a float32 tensor.</summary>
internal readonly unsafe struct Float32Row(float value) : IRowElement<Float32Row>
{
    private readonly float _value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(Float32Row* source)
    {
        var eight = Vector256.Load((float*)source);
        if (Avx512F.IsSupported) return Avx512F.ConvertToVector512Double(eight);
        var (lower, upper) = Vector256.Widen(eight);
        return Vector512.Create(lower, upper);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<double> value, Float32Row* destination)
    {
        var eight = Avx512F.IsSupported
            ? Avx512F.ConvertToVector256Single(value)
            : Vector256.Narrow(value.GetLower(), value.GetUpper());
        eight.Store((float*)destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (double Least, double Largest) Range(Float32Row* row, int count) => Extremes.Of((float*)row, count);

    public static double ToDouble(Float32Row value) => value._value;

    public static Float32Row FromDouble(double value) => new((float)value);
}
