using System.Runtime.CompilerServices;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>The softmax of a row in the lanes of an arithmetic, for a loop: p, 1 − p and log p of any classes.</summary>
internal readonly struct SoftmaxLanes<TNumber> where TNumber : struct, IPlainNumbers<TNumber>
{
    private readonly TNumber _inverse, _inverseRest, _ofLargest, _max, _log, _perUnit, _rounding;
    private readonly bool _isExact;

    /// <summary>Spreads numbers of one row, or of four.</summary>
    /// <param name="inverse">1/Σe.</param>
    /// <param name="inverseRest">What that lacks.</param>
    /// <param name="ofLargest">1 − p of the class with the largest logit.</param>
    /// <param name="max">Its logit.</param>
    /// <param name="log">log of 1/p of that.</param>
    /// <param name="perUnit">1/T.</param>
    /// <param name="isExact">Whether a double holds each target exactly.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public SoftmaxLanes(
        TNumber inverse, TNumber inverseRest, TNumber ofLargest, TNumber max, TNumber log, double perUnit, bool isExact)
    {
        (_inverse, _inverseRest) = (inverse, inverseRest);
        (_ofLargest, _max, _log) = (ofLargest, max, -log);
        (_perUnit, _rounding, _isExact) = (TNumber.Of(perUnit), TNumber.Of(isExact ? 0 : 1), isExact);
    }

    /// <summary>p of the classes with these exponentials.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    // the rounding error of the inverse would be all the elements'
    public TNumber GetP(TNumber e) => TNumber.FusedMultiplyAdd(e, _inverse, e * _inverseRest);

    /// <summary>1 − p: of the largest class by the sum of the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TNumber GetQ(TNumber e, TNumber p) =>
        // no exponential is above 1
        TNumber.Select(TNumber.LessThan(e, TNumber.One), TNumber.One - p, _ofLargest);

    /// <summary>log p of the classes with these logits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TNumber GetLogP(TNumber z) => TNumber.FusedMultiplyAdd(z - _max, _perUnit, _log);

    /// <summary>The classes of a vector, without number and weight.</summary>
    /// <param name="e">The exponentials.</param>
    /// <param name="z">The logits.</param>
    /// <param name="t">The targets.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ClassVector<TNumber> Read(TNumber e, TNumber z, TNumber t)
    {
        var p = GetP(e);
        return new()
        {
            LogP = GetLogP(z),
            P = p,
            Q = GetQ(e, p),
            T = t,
            U = TNumber.One - t,
            Rounding = _rounding,
            SumsToOne = true,
            HasExactTarget = _isExact,
        };
    }

    /// <summary>u·(1 − p) − p·(Σu − u): the backward step of the softmax.</summary>
    /// <param name="p">p of these classes.</param>
    /// <param name="q">1 − p.</param>
    /// <param name="u">u.</param>
    /// <param name="uSize">The size of what u was computed from.</param>
    /// <param name="sum">Σu.</param>
    /// <param name="sumSize">The size of what that was computed from.</param>
    /// <param name="size">The size of what the results were computed from.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TNumber Backward(
        TNumber p, TNumber q, TNumber u, TNumber uSize, TNumber sum, TNumber sumSize, out TNumber size)
    {
        size = TNumber.FusedMultiplyAdd(uSize, q, p * sumSize);
        return u * q - p * (sum - u);
    }
}
