using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>The one loop of all formulas that are sums over classes.</summary>
internal partial class SumOverClasses<TTerm>(TTerm term) : CategoricalFormula where TTerm : struct, IClassTerm
{
    /// <inheritdoc/>
    public sealed override int SurplusFactor => TTerm.SurplusFactor;

    /// <inheritdoc/>
    public override bool IsGeneric => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public sealed override Dd Score(in CategoricalRow<Dd> row)
    {
        var value = Dd.Zero;
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            var terms = term.At(row.Four(c, GetWeight<Dd>(row.ClassWeight, c)));
            value += terms.Value;
            row.LogPDerivative.Store(c, terms.LogPDerivative);
            row.PDerivative.Store(c, terms.PDerivative);
        }
        return row.SumsToOne ? AddSurplus(Dd.SumOfLanes(value), row.Surplus) : Dd.SumOfLanes(value);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public sealed override Dd Curve(in CategoricalRow<Dd> row, in CurvatureRow curvature)
    {
        curvature.LogP.Clear();
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            var (scaled, ofP) = term.Curve(row.Four(c, GetWeight<Dd>(row.ClassWeight, c)));
            curvature.Scaled.Store(c, scaled);
            curvature.P.Store(c, ofP);
        }
        return Dd.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TNumber GetWeight<TNumber>(ReadOnlySpan<double> weights, int start) where TNumber : struct, IArithmetic<TNumber> =>
        weights.IsEmpty ? TNumber.One : TNumber.Load(ref Unsafe.Add(ref MemoryMarshal.GetReference(weights), start));
}
