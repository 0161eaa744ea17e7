using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>
/// Four numbers, each a sum of two doubles, as an arithmetic for formulas whose results are float64, or whose errors in plain double
/// add up to more than a few ulp. Between <see cref="PlainDouble"/> and <see cref="Dd"/> in digits and in time.
/// </summary>
/// <remarks>
/// <para>The relative error of +, ×, ÷ is below 2⁻⁹⁸, except that a + that cancels leaves what is left of its operands' errors; that of the
/// functions is at most 2⁻⁶² (the bound of the tests), and of <see cref="Pow"/> at most (1 + |y·ln x|)·2⁻⁶². Results are not
/// normalised: <c>Lo</c> may be some units in the last place of <c>Hi</c>.</para>
/// <para>There is no care for what is not a finite normal number: a result that depends on such a number, or overflows, is not finite,
/// and its lane must be computed again in double-double.</para>
/// </remarks>
internal partial struct WideDouble : IWideNumbers<WideDouble>, IFourNumbers<WideDouble>
{
    /// <summary>
    /// Where |difference| is below this part of the size, digits are missing: an error of 2⁻⁶² of the size is then up to 2⁻⁵² of the
    /// difference.
    /// </summary>
    private const double LeastPart = 1.0 / (1 << 10);

    private Vector256<double> _hi, _lo;

    public static int Count => Lanes.Width;

    public static bool HasRest => true;

    public static bool HasAllDigits => false;

    public static WideDouble Zero => default;

    public static WideDouble One
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new() { _hi = Vector256<double>.One, _lo = Vector256<double>.Zero };
    }

    public readonly WideDouble IsZero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Mask(Vector256.Equals(_hi, Vector256<double>.Zero));
    }

    public readonly WideDouble IsFinite
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Mask(Vector256.LessThan(Vector256.Abs(_hi + _lo), Vector256.Create(double.PositiveInfinity)));
    }

    /// <inheritdoc/>
    public readonly WideDouble IsDouble
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Mask(Vector256.Equals(_lo, Vector256<double>.Zero));
    }

    public readonly WideDouble IsNaN
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Mask(Vector256.IsNaN(_hi + _lo));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Of(double x) => new() { _hi = Vector256.Create(x), _lo = Vector256<double>.Zero };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Of(double hi, double lo) => new() { _hi = Vector256.Create(hi), _lo = Vector256.Create(lo) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Load(ref readonly double numbers) =>
        new() { _hi = Vector256.LoadUnsafe(in numbers), _lo = Vector256<double>.Zero };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Load(ref readonly double numbers, ref readonly double rests) =>
        new() { _hi = Vector256.LoadUnsafe(in numbers), _lo = Vector256.LoadUnsafe(in rests) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreNearest(ref double numbers) => Round().StoreUnsafe(ref numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
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
    public static WideDouble Of(Vector256<double> x) => new() { _hi = x, _lo = Vector256<double>.Zero };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Of(Vector256<double> hi, Vector256<double> lo) => new() { _hi = hi, _lo = lo };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector256<double> Round() => _hi + _lo;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector256<double> Rest() => _lo - (Round() - _hi);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble operator -(WideDouble a) => new() { _hi = -a._hi, _lo = -a._lo };

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static WideDouble operator +(WideDouble a, WideDouble b)
    {
        var s = a._hi + b._hi;
        var bRounded = s - a._hi;
        var error = (a._hi - (s - bRounded)) + (b._hi - bRounded);
        return new() { _hi = s, _lo = error + (a._lo + b._lo) };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static WideDouble operator -(WideDouble a, WideDouble b)
    {
        var s = a._hi - b._hi;
        var bRounded = a._hi - s;
        var error = (a._hi - (s + bRounded)) + (bRounded - b._hi);
        return new() { _hi = s, _lo = error + (a._lo - b._lo) };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static WideDouble operator *(WideDouble a, WideDouble b)
    {
        var p = a._hi * b._hi;
        var low = Vector256.FusedMultiplyAdd(a._hi, b._hi, -p);
        low = Vector256.FusedMultiplyAdd(a._hi, b._lo, low);
        return new() { _hi = p, _lo = Vector256.FusedMultiplyAdd(a._lo, b._hi, low) };
    }

    /// <remarks>One division, and a correction by the remainder.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static WideDouble operator /(WideDouble a, WideDouble b)
    {
        var reciprocal = Vector256<double>.One / b._hi;
        var q = a._hi * reciprocal;
        var remainder = Vector256.FusedMultiplyAdd(-q, b._hi, a._hi) + Vector256.FusedMultiplyAdd(-q, b._lo, a._lo);
        return new() { _hi = q, _lo = remainder * reciprocal };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble operator &(WideDouble a, WideDouble b) => Mask(a._hi & b._hi);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble operator |(WideDouble a, WideDouble b) => Mask(a._hi | b._hi);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble operator ~(WideDouble mask) => Mask(~mask._hi);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Square(WideDouble a)
    {
        var p = a._hi * a._hi;
        var low = Vector256.FusedMultiplyAdd(a._hi, a._hi, -p);
        return new() { _hi = p, _lo = Vector256.FusedMultiplyAdd(a._hi + a._hi, a._lo, low) };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Abs(WideDouble a)
    {
        var sign = a._hi & Vector256.Create(-0.0);
        return new() { _hi = a._hi ^ sign, _lo = a._lo ^ sign };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Max(WideDouble a, WideDouble b) => Select(Vector256.LessThan(a._hi, b._hi) | Vector256.IsNaN(b._hi), b, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Min(WideDouble a, WideDouble b) => Select(Vector256.LessThan(a._hi, b._hi), a, b);

    /// <remarks>By the high parts: where they agree, the numbers are as good as equal, and their difference is lost.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble LessThan(WideDouble a, WideDouble b) => Mask(Vector256.LessThan(a._hi, b._hi));

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static WideDouble Select(WideDouble mask, WideDouble a, WideDouble b) => Select(mask._hi, a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint GetBits(WideDouble mask) => mask._hi.ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static WideDouble Select(Vector256<double> mask, WideDouble a, WideDouble b) =>
        new() { _hi = Lanes.Select(mask, a._hi, b._hi), _lo = Lanes.Select(mask, a._lo, b._lo) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble XLogY(WideDouble x, WideDouble logY)
    {
        var (product, isZero) = (x * logY, x.IsZero._hi);
        return new() { _hi = Vector256.AndNot(product._hi, isZero), _lo = Vector256.AndNot(product._lo, isZero) };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble DivideOrZero(WideDouble a, WideDouble b)
    {
        var (quotient, isZero) = (a / b, b.IsZero._hi);
        return new() { _hi = Vector256.AndNot(quotient._hi, isZero), _lo = Vector256.AndNot(quotient._lo, isZero) };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble IsLost(WideDouble difference, WideDouble size) =>
        Mask(Vector256.LessThan(Vector256.Abs(difference._hi), size._hi * Vector256.Create(LeastPart)));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble IsLost(WideDouble difference, WideDouble size, double part) =>
        Mask(Vector256.LessThan(Vector256.Abs(difference._hi), size._hi * Vector256.Create(part)));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble IsEqual(WideDouble a, WideDouble b) => Mask(Vector256.Equals(a._hi, b._hi));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble LanesBelow(int count) =>
        Mask(Vector256.LessThan(Vector256.Create(0.0, 1, 2, 3), Vector256.Create((double)count)));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble LaneIs(int lane) =>
        Mask(Vector256.Equals(Vector256.Create(0.0, 1, 2, 3), Vector256.Create((double)lane)));

    /// <summary>A mask, for plain doubles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly PlainDouble ToMask() => PlainDouble.Of(_hi);

    /// <summary>The nearest plain doubles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly PlainDouble ToPlain() => PlainDouble.Of(Round());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WideDouble Mask(Vector256<double> lanes) => new() { _hi = lanes, _lo = lanes };
}
