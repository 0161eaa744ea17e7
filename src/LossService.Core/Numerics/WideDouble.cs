using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>
/// Eight numbers, each a sum of two doubles, as an arithmetic for formulas whose results are float64, or whose errors in plain double
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

    private readonly Vector512<double> _hi, _lo;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private WideDouble(Vector512<double> hi, Vector512<double> lo)
    {
        _hi = hi;
        _lo = lo;
    }

    public static bool HasRest => true;

    public static WideDouble Zero => default;

    public static WideDouble One
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector512<double>.One, Vector512<double>.Zero);
    }

    public Vector512<double> IsZero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Equals(_hi, Vector512<double>.Zero);
    }

    public Vector512<double> IsFinite
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.LessThan(Vector512.Abs(_hi + _lo), Vector512.Create(double.PositiveInfinity));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Of(double x) => new(Vector512.Create(x), Vector512<double>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Of(Vector512<double> x) => new(x, Vector512<double>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Of(Vector512<double> hi, Vector512<double> lo) => new(hi, lo);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<double> Round() => _hi + _lo;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<double> Rest() => _lo - (Round() - _hi);

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
        var low = Vector512.FusedMultiplyAdd(a._hi, b._hi, -p);
        low = Vector512.FusedMultiplyAdd(a._hi, b._lo, low);
        return new(p, Vector512.FusedMultiplyAdd(a._lo, b._hi, low));
    }

    /// <remarks>One division, and a correction by the remainder.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble operator /(WideDouble a, WideDouble b)
    {
        var reciprocal = Vector512<double>.One / b._hi;
        var q = a._hi * reciprocal;
        var remainder = Vector512.FusedMultiplyAdd(-q, b._hi, a._hi) + Vector512.FusedMultiplyAdd(-q, b._lo, a._lo);
        return new(q, remainder * reciprocal);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Square(WideDouble a)
    {
        var p = a._hi * a._hi;
        var low = Vector512.FusedMultiplyAdd(a._hi, a._hi, -p);
        return new(p, Vector512.FusedMultiplyAdd(a._hi + a._hi, a._lo, low));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Abs(WideDouble a)
    {
        var sign = a._hi & Vector512.Create(-0.0);
        return new(a._hi ^ sign, a._lo ^ sign);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Max(WideDouble a, WideDouble b) => Select(LessThan(a, b) | Vector512.IsNaN(b._hi), b, a);

    /// <remarks>By the high parts: where they agree, the numbers are as good as equal, and their difference is lost.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> LessThan(WideDouble a, WideDouble b) => Vector512.LessThan(a._hi, b._hi);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble Select(Vector512<double> mask, WideDouble a, WideDouble b) =>
        new(Vector512.ConditionalSelect(mask, a._hi, b._hi), Vector512.ConditionalSelect(mask, a._lo, b._lo));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble XLogY(WideDouble x, WideDouble logY)
    {
        var (product, isZero) = (x * logY, x.IsZero);
        return new(Vector512.AndNot(product._hi, isZero), Vector512.AndNot(product._lo, isZero));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideDouble DivideOrZero(WideDouble a, WideDouble b)
    {
        var (quotient, isZero) = (a / b, b.IsZero);
        return new(Vector512.AndNot(quotient._hi, isZero), Vector512.AndNot(quotient._lo, isZero));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> IsLost(WideDouble difference, WideDouble size) =>
        Vector512.LessThan(Vector512.Abs(difference._hi), size._hi * Vector512.Create(LeastPart));
}
