using System.Runtime.CompilerServices;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>The one loop of all formulas that are sums over classes.</summary>
/// <param name="term">The term of a class.</param>
/// <param name="classFactor">What each class's term is multiplied by beside its weight, padded; null = 1.</param>
internal partial class SumOverClasses<TTerm>(TTerm term, double[]? classFactor = null) : CategoricalFormula where TTerm : struct, IClassTerm
{
    /// <inheritdoc/>
    public sealed override int SurplusFactor => TTerm.SurplusFactor;

    /// <inheritdoc/>
    public sealed override double[] ClassFactor { get; } = classFactor ?? [];

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

    /// <summary>The weights of classes, with their factors: where a number has more digits than a double, the product is exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TNumber GetWeight<TNumber>(ReadOnlySpan<double> weights, int start) where TNumber : struct, IArithmetic<TNumber>
    {
        if (!TTerm.ReadsWeight) return TNumber.One;
        var weight = weights.IsEmpty ? TNumber.One : TNumber.Load(in weights[start]);
        return classFactor is null ? weight : weight * TNumber.Load(in classFactor[start]);
    }
}
