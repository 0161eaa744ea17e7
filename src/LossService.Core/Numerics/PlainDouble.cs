using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>Four doubles as an arithmetic: see <see cref="IPlainNumbers{TSelf}"/>.</summary>
internal struct PlainDouble : IPlainNumbers<PlainDouble>, IFourNumbers<PlainDouble>
{
    private Vector256<double> _value;

    public static int Count => 4;

    public static bool HasRest => false;

    public static bool HasAllDigits => false;

    public static PlainDouble Zero => default;

    public static PlainDouble One
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new() { _value = Vector256<double>.One };
    }

    public readonly PlainDouble IsZero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new() { _value = Vector256.Equals(_value, Vector256<double>.Zero) };
    }

    public readonly PlainDouble IsFinite
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new() { _value = Vector256.LessThan(Vector256.Abs(_value), Vector256.Create(double.PositiveInfinity)) };
    }

    public readonly PlainDouble IsNaN
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new() { _value = Vector256.IsNaN(_value) };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Of(double x) => new() { _value = Vector256.Create(x) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Of(double hi, double lo) => new() { _value = Vector256.Create(hi) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Of(Vector256<double> x) => new() { _value = x };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Of(Vector256<double> hi, Vector256<double> lo) => new() { _value = hi };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Load(ref readonly double numbers) => new() { _value = Vector256.LoadUnsafe(in numbers) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Load(ref readonly double numbers, ref readonly double rests) =>
        new() { _value = Vector256.LoadUnsafe(in numbers) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreNearest(ref double numbers) => _value.StoreUnsafe(ref numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ref double numbers, ref double rests) => _value.StoreUnsafe(ref numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector256<double> Round() => _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector256<double> Rest() => Vector256<double>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe PlainDouble Load<TElement>(TElement* from) where TElement : unmanaged, IStored<TElement> =>
        new() { _value = TElement.Load(from) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly unsafe void Store<TElement>(TElement* to) where TElement : unmanaged, IStoredFloat<TElement> =>
        TElement.Store(_value, to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble operator -(PlainDouble a) => new() { _value = -a._value };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble operator +(PlainDouble a, PlainDouble b) => new() { _value = a._value + b._value };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble operator -(PlainDouble a, PlainDouble b) => new() { _value = a._value - b._value };

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static PlainDouble operator *(PlainDouble a, PlainDouble b) => new() { _value = a._value * b._value };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble operator /(PlainDouble a, PlainDouble b) => new() { _value = a._value / b._value };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble operator &(PlainDouble a, PlainDouble b) => new() { _value = a._value & b._value };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble operator |(PlainDouble a, PlainDouble b) => new() { _value = a._value | b._value };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble operator ~(PlainDouble mask) => new() { _value = ~mask._value };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Square(PlainDouble a) => new() { _value = a._value * a._value };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Abs(PlainDouble a) => new() { _value = Vector256.Abs(a._value) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Max(PlainDouble a, PlainDouble b) =>
        new() { _value = Lanes.Select(Vector256.LessThan(a._value, b._value) | Vector256.IsNaN(b._value), b._value, a._value) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Min(PlainDouble a, PlainDouble b) => new() { _value = Vector256.MinNative(a._value, b._value) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble LessThan(PlainDouble a, PlainDouble b) => new() { _value = Vector256.LessThan(a._value, b._value) };

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static PlainDouble Select(PlainDouble mask, PlainDouble a, PlainDouble b) =>
        new() { _value = Lanes.Select(mask._value, a._value, b._value) };

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static PlainDouble Select(Vector256<double> mask, PlainDouble a, PlainDouble b) =>
        new() { _value = Lanes.Select(mask, a._value, b._value) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint GetBits(PlainDouble mask) => mask._value.ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble FusedMultiplyAdd(PlainDouble a, PlainDouble b, PlainDouble c) =>
        new() { _value = Vector256.FusedMultiplyAdd(a._value, b._value, c._value) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Add(Vector256<double> sum, PlainDouble addends) => sum + addends._value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Join(PlainDouble mask) => mask._value;

    /// <inheritdoc cref="VectorMath.Exp(Vector256{double}, Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble ExpOfSum(PlainDouble x, PlainDouble rest) => new() { _value = VectorMath.Exp(x._value, rest._value) };

    /// <inheritdoc cref="VectorMath.ExpOfNegative(Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble ExpOfNegative(PlainDouble x) => new() { _value = VectorMath.ExpOfNegative(x._value) };

    /// <inheritdoc cref="VectorMath.Log(Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Log(PlainDouble x) => new() { _value = VectorMath.Log(x._value) };

    /// <inheritdoc cref="VectorMath.Log1p(Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Log1p(PlainDouble x) => new() { _value = VectorMath.Log1p(x._value) };

    /// <inheritdoc cref="Numerics.UnitLog1p.Compute(Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble UnitLog1p(PlainDouble x) => new() { _value = Numerics.UnitLog1p.Compute(x._value) };

    /// <inheritdoc cref="VectorMath.Pow(Vector256{double}, double)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Pow(PlainDouble x, double y) => new() { _value = VectorMath.Pow(x._value, y) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble XLogY(PlainDouble x, PlainDouble logY) =>
        new() { _value = Vector256.AndNot(x._value * logY._value, x.IsZero._value) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble DivideOrZero(PlainDouble a, PlainDouble b) =>
        new() { _value = Vector256.AndNot(a._value / b._value, b.IsZero._value) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Compare(PlainDouble x, PlainDouble y, PlainDouble difference, out PlainDouble log, out PlainDouble r)
    {
        var excess = VectorRatio.Compare(x._value, y._value, difference._value, out var logarithm, out var quotient);
        log = new() { _value = logarithm };
        r = new() { _value = quotient };
        return new() { _value = excess };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble Repeat(Vector256<double> four) => new() { _value = four };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainDouble IsLost(PlainDouble difference, PlainDouble size) =>
        LessThan(Abs(difference), size * Of(IPlainNumbers<PlainDouble>.LeastPart));
}
