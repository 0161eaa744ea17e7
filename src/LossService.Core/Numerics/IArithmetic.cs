using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>
/// Four numbers, and the operations that formulas are made of. A formula is written once, generic over its arithmetic: plain doubles
/// are fast and have the digits of a float32 with room to spare, double-doubles have twice those of a double.
/// </summary>
/// <remarks>
/// Infinities and NaN are as in IEEE 754. A formula tells by <see cref="IsLost"/> where a difference may have lost too many digits; the
/// engine computes these lanes again in double-double.
/// </remarks>
internal interface IArithmetic<TSelf> where TSelf : struct, IArithmetic<TSelf>
{
    /// <summary>Whether a number has more digits than a double, so that <see cref="Rest"/> is not always 0.</summary>
    static abstract bool HasRest { get; }

    /// <summary>Zero in every lane.</summary>
    static abstract TSelf Zero { get; }

    /// <summary>One in every lane.</summary>
    static abstract TSelf One { get; }

    /// <summary>All bits set where the value is ±0.</summary>
    Vector256<double> IsZero { get; }

    /// <summary>All bits set where the value is neither infinite nor NaN.</summary>
    Vector256<double> IsFinite { get; }

    /// <summary>The same double in every lane.</summary>
    static abstract TSelf Of(double x);

    /// <summary>The four doubles <paramref name="x"/>, exactly.</summary>
    static abstract TSelf Of(Vector256<double> x);

    /// <summary>hi + lo, or the nearest number to that; <paramref name="hi"/> must be hi + lo rounded to nearest.</summary>
    static abstract TSelf Of(Vector256<double> hi, Vector256<double> lo);

    /// <summary>The nearest double of each lane.</summary>
    Vector256<double> Round();

    /// <summary>The number less the nearest double: 0 where the arithmetic has no more digits.</summary>
    Vector256<double> Rest();

    static abstract TSelf operator -(TSelf a);

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator *(TSelf a, TSelf b);

    static abstract TSelf operator /(TSelf a, TSelf b);

    /// <summary>a².</summary>
    static abstract TSelf Square(TSelf a);

    /// <summary>|a|, exactly.</summary>
    static abstract TSelf Abs(TSelf a);

    /// <summary>The larger of each pair of lanes; NaN where either is NaN.</summary>
    static abstract TSelf Max(TSelf a, TSelf b);

    /// <summary>All bits set where a &lt; b; false for NaN.</summary>
    static abstract Vector256<double> LessThan(TSelf a, TSelf b);

    /// <summary>Lane by lane: <paramref name="a"/> where the mask's bits are set, else <paramref name="b"/>.</summary>
    static abstract TSelf Select(Vector256<double> mask, TSelf a, TSelf b);

    /// <summary>e to the power hi + lo, for |lo| ≤ ulp(hi).</summary>
    static abstract TSelf ExpOfSum(Vector256<double> hi, Vector256<double> lo);

    /// <summary>eˣ for x ≤ 0; faster.</summary>
    static abstract TSelf ExpOfNegative(Vector256<double> x);

    /// <summary>ln x for x ≥ 0; NaN for others.</summary>
    static abstract TSelf Log(TSelf x);

    /// <summary>ln(1 + x) for x ≥ −1, with full relative accuracy for any small x.</summary>
    static abstract TSelf Log1p(TSelf x);

    /// <summary>ln(1 + x) for 0 ≤ x ≤ 1, and NaN for NaN; faster.</summary>
    static abstract TSelf UnitLog1p(TSelf x);

    /// <summary>xʸ for x ≥ 0 and a finite y.</summary>
    static abstract TSelf Pow(TSelf x, double y);

    /// <summary>x·ln y from ln y, with 0·(±∞) = 0.</summary>
    static abstract TSelf XLogY(TSelf x, TSelf logY);

    /// <summary>a/b, but 0 where b = 0: for a quotient whose other factor is 0 there.</summary>
    static abstract TSelf DivideOrZero(TSelf a, TSelf b);

    /// <summary>
    /// All bits set where a difference, or a sum that cancels, may lack digits that a result needs: it is much smaller than the numbers
    /// that it was computed from.
    /// </summary>
    /// <param name="difference">The result.</param>
    /// <param name="size">The sum of the magnitudes that it was computed from, at least roughly.</param>
    static abstract Vector256<double> IsLost(TSelf difference, TSelf size);
}
