namespace LossService.Core.Numerics;

/// <summary>
/// Four or eight numbers, and the operations that formulas are made of. A formula is written once, generic over its arithmetic: plain
/// doubles are fast and have the digits of a float32 with room to spare, double-doubles have twice those of a double.
/// </summary>
/// <remarks>
/// Infinities and NaN are as in IEEE 754. A mask is a number with all or no bits set in each lane. A formula tells by
/// <see cref="IsLost"/> where a difference may have lost too many digits; the engine computes these lanes again in double-double.
/// </remarks>
internal interface IArithmetic<TSelf> where TSelf : struct, IArithmetic<TSelf>
{
    /// <summary>The lanes.</summary>
    static abstract int Count { get; }

    /// <summary>Whether a number has more digits than a double.</summary>
    static abstract bool HasRest { get; }

    /// <summary>Whether a difference has all digits of a double, so that no size is read: in double-double alone.</summary>
    static abstract bool HasAllDigits { get; }

    /// <summary>Zero in every lane.</summary>
    static abstract TSelf Zero { get; }

    /// <summary>One in every lane.</summary>
    static abstract TSelf One { get; }

    /// <summary>A mask of the lanes that are ±0.</summary>
    TSelf IsZero { get; }

    /// <summary>A mask of the lanes that are neither infinite nor NaN.</summary>
    TSelf IsFinite { get; }

    /// <summary>A mask of the lanes that are NaN.</summary>
    TSelf IsNaN { get; }

    /// <summary>The same double in every lane.</summary>
    static abstract TSelf Of(double x);

    /// <summary>hi + lo, or the nearest number to that, in every lane; <paramref name="hi"/> must be hi + lo rounded to nearest.</summary>
    static abstract TSelf Of(double hi, double lo);

    /// <summary>The doubles at an address, exactly.</summary>
    static abstract TSelf Load(ref readonly double numbers);

    /// <summary>The sums of two doubles each, or the nearest numbers to them; the first are the sums rounded to nearest.</summary>
    static abstract TSelf Load(ref readonly double numbers, ref readonly double rests);

    /// <summary>Writes the nearest doubles.</summary>
    void StoreNearest(ref double numbers);

    /// <summary>Writes the nearest doubles and, in an arithmetic with more digits, what these lack.</summary>
    void Store(ref double numbers, ref double rests);

    static abstract TSelf operator -(TSelf a);

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator *(TSelf a, TSelf b);

    static abstract TSelf operator /(TSelf a, TSelf b);

    /// <summary>Of masks: the lanes that both have.</summary>
    static abstract TSelf operator &(TSelf a, TSelf b);

    /// <summary>Of masks: the lanes that either has.</summary>
    static abstract TSelf operator |(TSelf a, TSelf b);

    /// <summary>Of a mask: the other lanes.</summary>
    static abstract TSelf operator ~(TSelf mask);

    /// <summary>a².</summary>
    static abstract TSelf Square(TSelf a);

    /// <summary>|a|, exactly.</summary>
    static abstract TSelf Abs(TSelf a);

    /// <summary>The larger of each pair of lanes; NaN where either is NaN.</summary>
    static abstract TSelf Max(TSelf a, TSelf b);

    /// <summary>The smaller of each pair of lanes; the second where either is NaN.</summary>
    static abstract TSelf Min(TSelf a, TSelf b);

    /// <summary>A mask of the lanes with a &lt; b; not those with NaN.</summary>
    static abstract TSelf LessThan(TSelf a, TSelf b);

    /// <summary>Lane by lane: <paramref name="a"/> where the mask has the lane, else <paramref name="b"/>.</summary>
    static abstract TSelf Select(TSelf mask, TSelf a, TSelf b);

    /// <summary>The lanes of a mask as bits.</summary>
    static abstract uint GetBits(TSelf mask);

    /// <summary>e to the power <paramref name="x"/> + <paramref name="rest"/>, of doubles, for |rest| ≤ ulp(x).</summary>
    static abstract TSelf ExpOfSum(TSelf x, TSelf rest);

    /// <summary>eˣ of doubles x ≤ 0; faster.</summary>
    static abstract TSelf ExpOfNegative(TSelf x);

    /// <summary>eˣ − 1 for x ≤ 0, with full relative accuracy for any small x, and eˣ; but of plain doubles.</summary>
    static virtual TSelf Expm1(TSelf x, out TSelf power) =>
        throw new NotSupportedException($"{typeof(TSelf).Name} has no exponential less 1");

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
    /// A mask of the lanes in which a difference, or a sum that cancels, may lack digits that a result needs: it is much smaller than the
    /// numbers that it was computed from.
    /// </summary>
    /// <param name="difference">The result.</param>
    /// <param name="size">The sum of the magnitudes that it was computed from, at least roughly.</param>
    static abstract TSelf IsLost(TSelf difference, TSelf size);

    /// <summary>r − ln(1 + r) with r = (y − x)/x, but in double-double.</summary>
    /// <param name="x">x, above 0.</param>
    /// <param name="y">y, above 0.</param>
    /// <param name="difference">y − x.</param>
    /// <param name="log">ln(y/x).</param>
    /// <param name="r">r.</param>
    static virtual TSelf Compare(TSelf x, TSelf y, TSelf difference, out TSelf log, out TSelf r) =>
        throw new NotSupportedException($"{typeof(TSelf).Name} has logarithms of its own");
}
