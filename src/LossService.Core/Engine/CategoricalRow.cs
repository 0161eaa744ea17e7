using System.Runtime.CompilerServices;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>One sample as a categorical formula sees it: K classes and their padding.</summary>
/// <remarks>
/// A link fills the predictions, <see cref="TargetRows"/> the target. The formula returns the value and writes the derivatives
/// u_c = ∂L/∂log p_c and v_c = ∂L/∂p_c (both count); the link's backward step turns them into the gradient. A v_c may
/// be infinite where p_c = 0 and p·v → 0. Padding has p = 0, log p = −∞, z = −∞ and t = 0. What a target brings is set afterwards: a
/// copy of all spans would take longer than a short row.
/// </remarks>
internal ref struct CategoricalRow<TNumber> where TNumber : struct, IFourNumbers<TNumber>
{
    /// <summary>The number of classes, K.</summary>
    public required int Classes { get; init; }

    /// <summary>The target's class where it is one-hot and not smoothed; otherwise <see cref="TargetRows.Soft"/>.</summary>
    public int Hard { get; init; }

    /// <summary>The predictions as posted, padded.</summary>
    public required Span<double> Z { get; init; }

    /// <summary>log p_c.</summary>
    public required NumberRow<TNumber> LogP { get; init; }

    /// <summary>p_c.</summary>
    public required NumberRow<TNumber> P { get; init; }

    /// <summary>1 − p_c, with full relative accuracy.</summary>
    public required NumberRow<TNumber> Q { get; init; }

    /// <summary>Whether Σp = 1 by construction, as after a softmax.</summary>
    public bool SumsToOne { get; init; }

    /// <summary>Σt − 1: 0, or the rounding error of a dense row.</summary>
    public TNumber Surplus { get; init; }

    /// <summary>The class whose 1 − t is <see cref="Rest"/>: computed from t, it would lack digits; −1 = none.</summary>
    public required int Top { get; set; }

    /// <summary>1 − t of <see cref="Top"/>.</summary>
    public TNumber Rest { get; set; }

    /// <summary>ln t_c, where that is more than a function of t_c; else empty.</summary>
    public NumberRow<TNumber> LogT { get; set; }

    /// <summary>t_c: the target after smoothing.</summary>
    public required NumberRow<TNumber> T { get; set; }

    /// <summary>Whether a double holds each t_c exactly: not after smoothing, nor where a row was divided by its sum.</summary>
    public bool HasExactTarget { get; set; }

    /// <summary>w_c: the class weights; empty = all are 1.</summary>
    public ReadOnlySpan<double> ClassWeight { get; init; }

    /// <summary>Out: ∂L/∂log p_c; for a formula on logits, ∂L/∂z_c.</summary>
    public required NumberRow<TNumber> LogPDerivative { get; init; }

    /// <summary>Out: ∂L/∂p_c.</summary>
    public required NumberRow<TNumber> PDerivative { get; init; }

    /// <summary>Out: the magnitude of the numbers that ∂L/∂p_c was computed from; then that of ∂L/∂log p_c with it.</summary>
    public required Span<double> Size { get; init; }

    /// <summary>Sets every p and log p to <paramref name="value"/>.</summary>
    public readonly void FillDistribution(double value)
    {
        P.Clear();
        LogP.Clear();
        P.Hi.Fill(value);
        LogP.Hi.Fill(value);
    }

    /// <summary>Whether the difference of two finite predictions may be beyond the range of a double.</summary>
    public readonly bool DifferencesMayOverflow()
    {
        foreach (var z in Z)
            if (Math.Abs(z) > double.MaxValue / 2 && double.IsFinite(z)) return true;
        return false;
    }

    /// <summary>The four classes from <paramref name="start"/> on, with their weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ClassVector<TNumber> Four(int start, TNumber weight)
    {
        var t = T[start];
        var u = TNumber.One - t;
        if ((uint)(Top - start) < Lanes.Width) u = TNumber.Select(Lanes.LaneIs(Top - start), Rest, u);
        var hasLogT = LogT.Length > 0;
        return new()
        {
            LogP = LogP[start],
            P = P[start],
            Q = Q[start],
            T = t,
            U = u,
            W = weight,
            SumsToOne = SumsToOne,
            HasExactTarget = HasExactTarget,
            Rounding = TNumber.Of(HasExactTarget ? 0 : 1),
            HasLogT = hasLogT,
            LogT = hasLogT ? LogT[start] : TNumber.Zero,
        };
    }
}
