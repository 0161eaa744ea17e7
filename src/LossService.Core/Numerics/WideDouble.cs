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
internal readonly partial struct WideDouble : IArithmetic<WideDouble>
{
    /// <summary>
    /// Where |difference| is below this part of the size, digits are missing: an error of 2⁻⁶² of the size is then up to 2⁻⁵² of the
    /// difference.
    /// </summary>
    private const double LeastPart = 1.0 / (1 << 10);

    private readonly Vector256<double> _hi, _lo;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private WideDouble(Vector256<double> hi, Vector256<double> lo)
    {
        _hi = hi;
        _lo = lo;
    }

    public static bool HasRest => true;

    public static WideDouble Zero => default;

    public static WideDouble One
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector256<double>.One, Vector256<double>.Zero);
    }

    public Vector256<double> IsZero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Equals(_hi, Vector256<double>.Zero);
    }

    public Vector256<double> IsFinite
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.LessThan(Vector256.Abs(_hi + _lo), Vector256.Create(double.PositiveInfinity));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Of(double x) => new(Vector256.Create(x), Vector256<double>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Of(Vector256<double> x) => new(x, Vector256<double>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Of(Vector256<double> hi, Vector256<double> lo) => new(hi, lo);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<double> Round() => _hi + _lo;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<double> Rest() => _lo - (Round() - _hi);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble operator -(WideDouble a) => new(-a._hi, -a._lo);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble operator +(WideDouble a, WideDouble b)
    {
        var s = a._hi + b._hi;
        var bRounded = s - a._hi;
        var error = (a._hi - (s - bRounded)) + (b._hi - bRounded);
        return new(s, error + (a._lo + b._lo));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble operator -(WideDouble a, WideDouble b)
    {
        var s = a._hi - b._hi;
        var bRounded = a._hi - s;
        var error = (a._hi - (s + bRounded)) + (bRounded - b._hi);
        return new(s, error + (a._lo - b._lo));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble operator *(WideDouble a, WideDouble b)
    {
        var p = a._hi * b._hi;
        var low = Vector256.FusedMultiplyAdd(a._hi, b._hi, -p);
        low = Vector256.FusedMultiplyAdd(a._hi, b._lo, low);
        return new(p, Vector256.FusedMultiplyAdd(a._lo, b._hi, low));
    }

    /// <remarks>One division, and a correction by the remainder.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble operator /(WideDouble a, WideDouble b)
    {
        var reciprocal = Vector256<double>.One / b._hi;
        var q = a._hi * reciprocal;
        var remainder = Vector256.FusedMultiplyAdd(-q, b._hi, a._hi) + Vector256.FusedMultiplyAdd(-q, b._lo, a._lo);
        return new(q, remainder * reciprocal);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Square(WideDouble a)
    {
        var p = a._hi * a._hi;
        var low = Vector256.FusedMultiplyAdd(a._hi, a._hi, -p);
        return new(p, Vector256.FusedMultiplyAdd(a._hi + a._hi, a._lo, low));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Abs(WideDouble a)
    {
        var sign = a._hi & Vector256.Create(-0.0);
        return new(a._hi ^ sign, a._lo ^ sign);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Max(WideDouble a, WideDouble b) => Select(LessThan(a, b) | Vector256.IsNaN(b._hi), b, a);

    /// <remarks>By the high parts: where they agree, the numbers are as good as equal, and their difference is lost.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> LessThan(WideDouble a, WideDouble b) => Vector256.LessThan(a._hi, b._hi);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Select(Vector256<double> mask, WideDouble a, WideDouble b) =>
        new(Lanes.Select(mask, a._hi, b._hi), Lanes.Select(mask, a._lo, b._lo));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble XLogY(WideDouble x, WideDouble logY)
    {
        var (product, isZero) = (x * logY, x.IsZero);
        return new(Vector256.AndNot(product._hi, isZero), Vector256.AndNot(product._lo, isZero));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble DivideOrZero(WideDouble a, WideDouble b)
    {
        var (quotient, isZero) = (a / b, b.IsZero);
        return new(Vector256.AndNot(quotient._hi, isZero), Vector256.AndNot(quotient._lo, isZero));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> IsLost(WideDouble difference, WideDouble size) =>
        Vector256.LessThan(Vector256.Abs(difference._hi), size._hi * Vector256.Create(LeastPart));
}
