using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>
/// Four doubles as an arithmetic for formulas whose results are float32 or narrower: a result has 24 bits, so a formula may lose up to
/// 2²⁰ units in the last place before it differs by more than a neighbour.
/// </summary>
/// <remarks>
/// +, −, ×, ÷ round once. The functions state their bounds in <see cref="FourMath"/> and <see cref="Numerics.UnitLog1p"/>. Only
/// correctly rounded IEEE 754 operations are used, so the bits are the same on every machine and vector width.
/// </remarks>
internal readonly struct PlainFour : IFour<PlainFour>
{
    /// <summary>
    /// Where |difference| is below this part of the size, digits are missing: an error of 2⁴ ulp (2⁻⁴⁹) of the size is then up to 2⁻²⁷ of
    /// the difference, an eighth of a unit in the last place of a float32.
    /// </summary>
    private const double LeastPart = 1.0 / (1 << 22);

    private readonly Vector256<double> _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private PlainFour(Vector256<double> value) => _value = value;

    public static bool HasRest => false;

    public static PlainFour Zero => default;

    public static PlainFour One
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
    public static PlainFour Of(double x) => new(Vector256.Create(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainFour Of(Vector256<double> x) => new(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainFour Of(Vector256<double> hi, Vector256<double> lo) => new(hi);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<double> Round() => _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<double> Rest() => Vector256<double>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainFour operator -(PlainFour a) => new(-a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainFour operator +(PlainFour a, PlainFour b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainFour operator -(PlainFour a, PlainFour b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainFour operator *(PlainFour a, PlainFour b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainFour operator /(PlainFour a, PlainFour b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainFour Square(PlainFour a) => new(a._value * a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainFour Abs(PlainFour a) => new(Vector256.Abs(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainFour Max(PlainFour a, PlainFour b) => Select(LessThan(a, b) | Vector256.IsNaN(b._value), b, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> LessThan(PlainFour a, PlainFour b) => Vector256.LessThan(a._value, b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainFour Select(Vector256<double> mask, PlainFour a, PlainFour b) =>
        new(FourMath.Select(mask, a._value, b._value));

    /// <inheritdoc cref="FourMath.Exp"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainFour Exp(Vector256<double> hi, Vector256<double> lo) => new(FourMath.Exp(hi, lo));

    /// <inheritdoc cref="FourMath.ExpOfNegative"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainFour ExpOfNegative(Vector256<double> x) => new(FourMath.ExpOfNegative(x));

    /// <inheritdoc cref="FourMath.Log"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainFour Log(PlainFour x) => new(FourMath.Log(x._value));

    /// <inheritdoc cref="FourMath.Log1p"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainFour Log1p(PlainFour x) => new(FourMath.Log1p(x._value));

    /// <inheritdoc cref="Numerics.UnitLog1p.ComputeFour"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainFour UnitLog1p(PlainFour x) => new(Numerics.UnitLog1p.ComputeFour(x._value));

    /// <inheritdoc cref="FourMath.Pow"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainFour Pow(PlainFour x, double y) => new(FourMath.Pow(x._value, y));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainFour XLogY(PlainFour x, PlainFour logY) => new(Vector256.AndNot(x._value * logY._value, x.IsZero));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainFour DivideOrZero(PlainFour a, PlainFour b) => new(Vector256.AndNot(a._value / b._value, b.IsZero));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> IsLost(PlainFour difference, PlainFour size) =>
        Vector256.LessThan(Vector256.Abs(difference._value), size._value * Vector256.Create(LeastPart));
}
