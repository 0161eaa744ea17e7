using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>
/// Doubles as an arithmetic for formulas whose results are float32 or narrower: a result has 24 bits, so a formula may lose up to 2²⁰
/// units in the last place before it differs by more than a neighbour.
/// </summary>
/// <remarks>
/// +, −, ×, ÷ round once. The functions state their bounds in <see cref="VectorMath"/>, <see cref="VectorRatio"/> and
/// <see cref="UnitLog1p"/>. Only correctly rounded IEEE 754 operations are used, so the bits are the same on every machine and vector
/// width.
/// </remarks>
internal interface IPlainNumbers<TSelf> : IArithmetic<TSelf> where TSelf : struct, IPlainNumbers<TSelf>
{
    /// <summary>
    /// Where |difference| is below this part of the size, digits are missing: an error of 2⁴ ulp (2⁻⁴⁹) of the size is then up to 2⁻²⁷ of
    /// the difference, an eighth of a unit in the last place of a float32.
    /// </summary>
    protected const double LeastPart = 1.0 / (1 << 22);

    /// <summary>a·b + c, rounded once.</summary>
    static abstract TSelf FusedMultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>Four numbers, again in each further four lanes.</summary>
    static abstract TSelf Repeat(Vector256<double> four);

    /// <summary>Reads numbers of a dtype.</summary>
    static abstract unsafe TSelf Load<TElement>(TElement* from) where TElement : unmanaged, IStored<TElement>;

    /// <summary>Writes the nearest numbers of a dtype.</summary>
    unsafe void Store<TElement>(TElement* to) where TElement : unmanaged, IStoredFloat<TElement>;

    /// <summary>Adds the lanes to a sum in four, each four after the other: the sum is the same for any number of lanes.</summary>
    static abstract Vector256<double> Add(Vector256<double> sum, TSelf addends);

    /// <summary>Of a mask: the lanes that it has in any four.</summary>
    static abstract Vector256<double> Join(TSelf mask);
}
