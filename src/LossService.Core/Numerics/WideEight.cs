using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>
/// Eight numbers, each a sum of two doubles, on processors with AVX-512: with the operations, bounds and bits of twice four of
/// <see cref="WideDouble"/>.
/// </summary>
internal partial struct WideEight : IWideNumbers<WideEight>
{
    /// <summary>
    /// Where |difference| is below this part of the size, digits are missing: an error of 2⁻⁶² of the size is then up to 2⁻⁵² of the
    /// difference.
    /// </summary>
    private const double LeastPart = 1.0 / (1 << 10);

    private Vector512<double> _hi, _lo;

    public static int Count => Lanes.Most;

    public static bool HasRest => true;

    public static bool HasAllDigits => false;

    public static WideEight Zero => default;

    public static WideEight One
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new() { _hi = Vector512<double>.One, _lo = Vector512<double>.Zero };
    }

    public readonly WideEight IsZero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Mask(Vector512.Equals(_hi, Vector512<double>.Zero));
    }

    public readonly WideEight IsFinite
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Mask(Vector512.LessThan(Vector512.Abs(_hi + _lo), Vector512.Create(double.PositiveInfinity)));
    }

    /// <inheritdoc/>
    public readonly WideEight IsDouble
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Mask(Vector512.Equals(_lo, Vector512<double>.Zero));
    }

    public readonly WideEight IsNaN
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
        get => Mask(Vector512.IsNaN(_hi + _lo));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight Of(double x) => new() { _hi = Vector512.Create(x), _lo = Vector512<double>.Zero };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight Of(double hi, double lo) => new() { _hi = Vector512.Create(hi), _lo = Vector512.Create(lo) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight Load(ref readonly double numbers) =>
        new() { _hi = Vector512.LoadUnsafe(in numbers), _lo = Vector512<double>.Zero };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight Load(ref readonly double numbers, ref readonly double rests) =>
        new() { _hi = Vector512.LoadUnsafe(in numbers), _lo = Vector512.LoadUnsafe(in rests) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreNearest(ref double numbers) => Round().StoreUnsafe(ref numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public readonly void Store(ref double numbers, ref double rests)
    {
        Round().StoreUnsafe(ref numbers);
        Rest().StoreUnsafe(ref rests);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreParts(ref double high, ref double low)
    {
        _hi.StoreUnsafe(ref high);
        _lo.StoreUnsafe(ref low);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreHigh(ref double numbers) => _hi.StoreUnsafe(ref numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Vector512<double> Round() => _hi + _lo;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Vector512<double> Rest() => _lo - (Round() - _hi);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight operator -(WideEight a) => new() { _hi = -a._hi, _lo = -a._lo };

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static WideEight operator +(WideEight a, WideEight b)
    {
        var s = a._hi + b._hi;
        var bRounded = s - a._hi;
        var error = (a._hi - (s - bRounded)) + (b._hi - bRounded);
        return new() { _hi = s, _lo = error + (a._lo + b._lo) };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static WideEight operator -(WideEight a, WideEight b)
    {
        var s = a._hi - b._hi;
        var bRounded = a._hi - s;
        var error = (a._hi - (s + bRounded)) + (bRounded - b._hi);
        return new() { _hi = s, _lo = error + (a._lo - b._lo) };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static WideEight operator *(WideEight a, WideEight b)
    {
        var p = a._hi * b._hi;
        var low = Vector512.FusedMultiplyAdd(a._hi, b._hi, -p);
        low = Vector512.FusedMultiplyAdd(a._hi, b._lo, low);
        return new() { _hi = p, _lo = Vector512.FusedMultiplyAdd(a._lo, b._hi, low) };
    }

    /// <remarks>One division, and a correction by the remainder.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static WideEight operator /(WideEight a, WideEight b)
    {
        var reciprocal = Vector512<double>.One / b._hi;
        var q = a._hi * reciprocal;
        var remainder = Vector512.FusedMultiplyAdd(-q, b._hi, a._hi) + Vector512.FusedMultiplyAdd(-q, b._lo, a._lo);
        return new() { _hi = q, _lo = remainder * reciprocal };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static WideEight operator &(WideEight a, WideEight b) => Mask(a._hi & b._hi);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight operator |(WideEight a, WideEight b) => Mask(a._hi | b._hi);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight operator ~(WideEight mask) => Mask(~mask._hi);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight Square(WideEight a)
    {
        var p = a._hi * a._hi;
        var low = Vector512.FusedMultiplyAdd(a._hi, a._hi, -p);
        return new() { _hi = p, _lo = Vector512.FusedMultiplyAdd(a._hi + a._hi, a._lo, low) };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight Abs(WideEight a)
    {
        var sign = a._hi & Vector512.Create(-0.0);
        return new() { _hi = a._hi ^ sign, _lo = a._lo ^ sign };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight Max(WideEight a, WideEight b) => Select(Vector512.LessThan(a._hi, b._hi) | Vector512.IsNaN(b._hi), b, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight Min(WideEight a, WideEight b) => Select(Vector512.LessThan(a._hi, b._hi), a, b);

    /// <remarks>By the high parts: where they agree, the numbers are as good as equal, and their difference is lost.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static WideEight LessThan(WideEight a, WideEight b) => Mask(Vector512.LessThan(a._hi, b._hi));

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static WideEight Select(WideEight mask, WideEight a, WideEight b) => Select(mask._hi, a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static uint GetBits(WideEight mask) => (uint)mask._hi.ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    private static WideEight Select(Vector512<double> mask, WideEight a, WideEight b) =>
        new() { _hi = Lanes.Select(mask, a._hi, b._hi), _lo = Lanes.Select(mask, a._lo, b._lo) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight XLogY(WideEight x, WideEight logY)
    {
        var (product, isZero) = (x * logY, x.IsZero._hi);
        return new() { _hi = Vector512.AndNot(product._hi, isZero), _lo = Vector512.AndNot(product._lo, isZero) };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight DivideOrZero(WideEight a, WideEight b)
    {
        var (quotient, isZero) = (a / b, b.IsZero._hi);
        return new() { _hi = Vector512.AndNot(quotient._hi, isZero), _lo = Vector512.AndNot(quotient._lo, isZero) };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight IsLost(WideEight difference, WideEight size) =>
        Mask(Vector512.LessThan(Vector512.Abs(difference._hi), size._hi * Vector512.Create(LeastPart)));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight IsLost(WideEight difference, WideEight size, double part) =>
        Mask(Vector512.LessThan(Vector512.Abs(difference._hi), size._hi * Vector512.Create(part)));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight IsEqual(WideEight a, WideEight b) => Mask(Vector512.Equals(a._hi, b._hi));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight LanesBelow(int count) =>
        Mask(Vector512.LessThan(Vector512.Create(0.0, 1, 2, 3, 4, 5, 6, 7), Vector512.Create((double)count)));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideEight LaneIs(int lane) =>
        Mask(Vector512.Equals(Vector512.Create(0.0, 1, 2, 3, 4, 5, 6, 7), Vector512.Create((double)lane)));

    /// <summary>A mask, for plain doubles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly PlainEight ToMask() => PlainEight.Of(_hi);

    /// <summary>The nearest plain doubles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly PlainEight ToPlain() => PlainEight.Of(Round());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WideEight Mask(Vector512<double> lanes) => new() { _hi = lanes, _lo = lanes };
}
