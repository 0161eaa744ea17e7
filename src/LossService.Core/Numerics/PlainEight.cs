using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>
/// Eight doubles as an arithmetic, on processors with AVX-512: with the bits of twice four. See <see cref="IPlainNumbers{TSelf}"/>.
/// </summary>
internal struct PlainEight : IPlainNumbers<PlainEight>
{
    private Vector512<double> _value;

    public static int Count => 8;

    public static bool HasRest => false;

    public static bool HasAllDigits => false;

    public static PlainEight Zero => default;

    public static PlainEight One
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new() { _value = Vector512<double>.One };
    }

    public readonly PlainEight IsZero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new() { _value = Vector512.Equals(_value, Vector512<double>.Zero) };
    }

    public readonly PlainEight IsFinite
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new() { _value = Vector512.LessThan(Vector512.Abs(_value), Vector512.Create(double.PositiveInfinity)) };
    }

    public readonly PlainEight IsNaN
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new() { _value = Vector512.IsNaN(_value) };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight Of(Vector512<double> x) => new() { _value = x };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight Of(double x) => new() { _value = Vector512.Create(x) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight Of(double hi, double lo) => new() { _value = Vector512.Create(hi) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight Load(ref readonly double numbers) => new() { _value = Vector512.LoadUnsafe(in numbers) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight Load(ref readonly double numbers, ref readonly double rests) =>
        new() { _value = Vector512.LoadUnsafe(in numbers) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreNearest(ref double numbers) => _value.StoreUnsafe(ref numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ref double numbers, ref double rests) => _value.StoreUnsafe(ref numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe PlainEight Load<TElement>(TElement* from) where TElement : unmanaged, IStored<TElement> =>
        new() { _value = TElement.LoadEight(from) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly unsafe void Store<TElement>(TElement* to) where TElement : unmanaged, IStoredFloat<TElement> =>
        TElement.StoreEight(_value, to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight operator -(PlainEight a) => new() { _value = -a._value };

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static PlainEight operator +(PlainEight a, PlainEight b) => new() { _value = a._value + b._value };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight operator -(PlainEight a, PlainEight b) => new() { _value = a._value - b._value };

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static PlainEight operator *(PlainEight a, PlainEight b) => new() { _value = a._value * b._value };

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static PlainEight operator /(PlainEight a, PlainEight b) => new() { _value = a._value / b._value };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight operator &(PlainEight a, PlainEight b) => new() { _value = a._value & b._value };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight operator |(PlainEight a, PlainEight b) => new() { _value = a._value | b._value };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight operator ~(PlainEight mask) => new() { _value = ~mask._value };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight Square(PlainEight a) => new() { _value = a._value * a._value };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight Abs(PlainEight a) => new() { _value = Vector512.Abs(a._value) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight Max(PlainEight a, PlainEight b) =>
        new() { _value = Lanes.Select(Vector512.LessThan(a._value, b._value) | Vector512.IsNaN(b._value), b._value, a._value) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight Min(PlainEight a, PlainEight b) => new() { _value = Vector512.MinNative(a._value, b._value) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight LessThan(PlainEight a, PlainEight b) => new() { _value = Vector512.LessThan(a._value, b._value) };

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static PlainEight Select(PlainEight mask, PlainEight a, PlainEight b) =>
        new() { _value = Lanes.Select(mask._value, a._value, b._value) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint GetBits(PlainEight mask) => (uint)mask._value.ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight FusedMultiplyAdd(PlainEight a, PlainEight b, PlainEight c) =>
        new() { _value = Vector512.FusedMultiplyAdd(a._value, b._value, c._value) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Add(Vector256<double> sum, PlainEight addends) =>
        sum + addends._value.GetLower() + addends._value.GetUpper();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Join(PlainEight mask) => mask._value.GetLower() | mask._value.GetUpper();

    /// <inheritdoc cref="VectorMath.Exp(Vector256{double}, Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight ExpOfSum(PlainEight x, PlainEight rest) => new() { _value = VectorMath.Exp(x._value, rest._value) };

    /// <inheritdoc cref="VectorMath.ExpOfNegative(Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight ExpOfNegative(PlainEight x) => new() { _value = VectorMath.ExpOfNegative(x._value) };

    /// <inheritdoc cref="VectorMath.Log(Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight Log(PlainEight x) => new() { _value = VectorMath.Log(x._value) };

    /// <inheritdoc cref="VectorMath.Log1p(Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight Log1p(PlainEight x) => new() { _value = VectorMath.Log1p(x._value) };

    /// <inheritdoc cref="Numerics.UnitLog1p.Compute(Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight UnitLog1p(PlainEight x) => new() { _value = Numerics.UnitLog1p.Compute(x._value) };

    /// <inheritdoc cref="VectorMath.Pow(Vector256{double}, double)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight Pow(PlainEight x, double y) => new() { _value = VectorMath.Pow(x._value, y) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight XLogY(PlainEight x, PlainEight logY) =>
        new() { _value = Vector512.AndNot(x._value * logY._value, x.IsZero._value) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight DivideOrZero(PlainEight a, PlainEight b) =>
        new() { _value = Vector512.AndNot(a._value / b._value, b.IsZero._value) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight Compare(PlainEight x, PlainEight y, PlainEight difference, out PlainEight log, out PlainEight r)
    {
        var excess = VectorRatio.Compare(x._value, y._value, difference._value, out var logarithm, out var quotient);
        log = new() { _value = logarithm };
        r = new() { _value = quotient };
        return new() { _value = excess };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight Repeat(Vector256<double> four) => new() { _value = Vector512.Create(four, four) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PlainEight IsLost(PlainEight difference, PlainEight size) =>
        LessThan(Abs(difference), size * Of(IPlainNumbers<PlainEight>.LeastPart));
}
