using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>
/// Four doubles as an arithmetic for formulas whose results are float32 or narrower: a result has 24 bits, so a formula may lose up to
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

    private readonly Vector256<double> _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private PlainDouble(Vector256<double> value) => _value = value;

    public static bool HasRest => false;

    public static PlainDouble Zero => default;

    public static PlainDouble One
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector256<double>.One);
    }

    public Vector256<double> IsZero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Equals(_value, Vector256<double>.Zero);
    }

    public Vector256<double> IsFinite
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.LessThan(Vector256.Abs(_value), Vector256.Create(double.PositiveInfinity));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Of(double x) => new(Vector256.Create(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Of(Vector256<double> x) => new(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Of(Vector256<double> hi, Vector256<double> lo) => new(hi);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<double> Round() => _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<double> Rest() => Vector256<double>.Zero;

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
    public static PlainDouble Abs(PlainDouble a) => new(Vector256.Abs(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Max(PlainDouble a, PlainDouble b) => Select(LessThan(a, b) | Vector256.IsNaN(b._value), b, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> LessThan(PlainDouble a, PlainDouble b) => Vector256.LessThan(a._value, b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Select(Vector256<double> mask, PlainDouble a, PlainDouble b) =>
        new(Lanes.Select(mask, a._value, b._value));

    /// <inheritdoc cref="VectorMath.Exp"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble ExpOfSum(Vector256<double> hi, Vector256<double> lo) => new(VectorMath.Exp(hi, lo));

    /// <inheritdoc cref="VectorMath.ExpOfNegative"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble ExpOfNegative(Vector256<double> x) => new(VectorMath.ExpOfNegative(x));

    /// <inheritdoc cref="VectorMath.Log"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Log(PlainDouble x) => new(VectorMath.Log(x._value));

    /// <inheritdoc cref="VectorMath.Log1p"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Log1p(PlainDouble x) => new(VectorMath.Log1p(x._value));

    /// <inheritdoc cref="Numerics.UnitLog1p.Compute(Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble UnitLog1p(PlainDouble x) => new(Numerics.UnitLog1p.Compute(x._value));

    /// <inheritdoc cref="VectorMath.Pow"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Pow(PlainDouble x, double y) => new(VectorMath.Pow(x._value, y));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble XLogY(PlainDouble x, PlainDouble logY) => new(Vector256.AndNot(x._value * logY._value, x.IsZero));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble DivideOrZero(PlainDouble a, PlainDouble b) => new(Vector256.AndNot(a._value / b._value, b.IsZero));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> IsLost(PlainDouble difference, PlainDouble size) =>
        Vector256.LessThan(Vector256.Abs(difference._value), size._value * Vector256.Create(LeastPart));
}
