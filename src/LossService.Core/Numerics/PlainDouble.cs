using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>
/// Eight doubles as an arithmetic for formulas whose results are float32 or narrower: a result has 24 bits, so a formula may lose up to
/// 2²⁰ units in the last place before it differs by more than a neighbour.
/// </summary>
/// <remarks>
/// +, −, ×, ÷ round once. The functions state their bounds in <see cref="VectorMath"/> and <see cref="Numerics.UnitLog1p"/>. Only
/// correctly rounded IEEE 754 operations are used, so the bits are the same on every machine and vector width.
/// </remarks>
internal readonly struct PlainDouble : IArithmetic<PlainDouble>
{
    /// <summary>
    /// Where |difference| is below this part of the size, digits are missing: an error of 2⁴ ulp (2⁻⁴⁹) of the size is then up to 2⁻²⁷ of
    /// the difference, an eighth of a unit in the last place of a float32.
    /// </summary>
    private const double LeastPart = 1.0 / (1 << 22);

    private readonly Vector512<double> _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private PlainDouble(Vector512<double> value) => _value = value;

    public static PlainDouble Zero => default;

    public static PlainDouble One
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector512<double>.One);
    }

    public Vector512<double> IsZero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Equals(_value, Vector512<double>.Zero);
    }

    public Vector512<double> IsFinite
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.LessThan(Vector512.Abs(_value), Vector512.Create(double.PositiveInfinity));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Of(double x) => new(Vector512.Create(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Of(Vector512<double> x) => new(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Of(Vector512<double> hi, Vector512<double> lo) => new(hi);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<double> Round() => _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<double> Rest() => Vector512<double>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble operator -(PlainDouble a) => new(-a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble operator +(PlainDouble a, PlainDouble b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble operator -(PlainDouble a, PlainDouble b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble operator *(PlainDouble a, PlainDouble b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble operator /(PlainDouble a, PlainDouble b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Square(PlainDouble a) => new(a._value * a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Abs(PlainDouble a) => new(Vector512.Abs(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Max(PlainDouble a, PlainDouble b) => Select(LessThan(a, b) | Vector512.IsNaN(b._value), b, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> LessThan(PlainDouble a, PlainDouble b) => Vector512.LessThan(a._value, b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Select(Vector512<double> mask, PlainDouble a, PlainDouble b) =>
        new(Vector512.ConditionalSelect(mask, a._value, b._value));

    /// <inheritdoc cref="VectorMath.Exp"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Exp(PlainDouble x) => new(VectorMath.Exp(x._value, Vector512<double>.Zero));

    /// <inheritdoc cref="VectorMath.Log"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Log(PlainDouble x) => new(VectorMath.Log(x._value));

    /// <inheritdoc cref="VectorMath.Log1p"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Log1p(PlainDouble x) => new(VectorMath.Log1p(x._value));

    /// <inheritdoc cref="Numerics.UnitLog1p.Compute"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble UnitLog1p(PlainDouble x) => new(Numerics.UnitLog1p.Compute(x._value));

    /// <inheritdoc cref="VectorMath.Pow"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Pow(PlainDouble x, double y) => new(VectorMath.Pow(x._value, y));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble XLogY(PlainDouble x, PlainDouble logY) => new(Vector512.AndNot(x._value * logY._value, x.IsZero));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble DivideOrZero(PlainDouble a, PlainDouble b) => new(Vector512.AndNot(a._value / b._value, b.IsZero));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> IsLost(PlainDouble difference, PlainDouble size) =>
        Vector512.LessThan(Vector512.Abs(difference._value), size._value * Vector512.Create(LeastPart));
}
