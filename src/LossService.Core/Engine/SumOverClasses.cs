using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>The one loop of all formulas that are sums over classes.</summary>
internal class SumOverClasses<TTerm>(TTerm term) : CategoricalFormula where TTerm : struct, IClassTerm
{
    /// <summary>The classes after which a sum goes into a double-double: a long sum of plain doubles would lose digits.</summary>
    private const int Run = 16 * VectorMath.Width;

    /// <inheritdoc/>
    public sealed override bool NeedsSurplus => TTerm.SurplusFactor != 0;

    /// <inheritdoc/>
    public override bool IsGeneric => true;

    /// <inheritdoc/>
    public sealed override Dd Score(in CategoricalRow<Dd> row) => Sum(row, out _);

    /// <inheritdoc/>
    public sealed override PlainDouble Score(in CategoricalRow<PlainDouble> row, out double size) => Sum(row, out size);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private TNumber Sum<TNumber>(in CategoricalRow<TNumber> row, out double size) where TNumber : struct, IArithmetic<TNumber>
    {
        var (total, value, sizes) = (Dd.Zero, TNumber.Zero, Vector256<double>.Zero);
        var weight = Vector256<double>.One;
        for (var c = 0; c < row.P.Length; c += VectorMath.Width)
        {
            if (!row.ClassWeight.IsEmpty)
                weight = Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(row.ClassWeight), (nuint)c);
            var terms = term.At(row.Four(c, weight));
            value += terms.Value;
            if ((c & (Run - 1)) == Run - VectorMath.Width)
            {
                total += new Dd(value.Round(), value.Rest());
                value = TNumber.Zero;
            }
            sizes += terms.Size;
            row.LogPDerivative.Store(c, terms.LogPDerivative);
            row.PDerivative.Store(c, terms.PDerivative);
            terms.PSize.StoreUnsafe(ref MemoryMarshal.GetReference(row.Size), (nuint)c);
        }
        size = Vector256.Sum(sizes);
        total = Dd.SumOfLanes(total + new Dd(value.Round(), value.Rest()));
        value = TNumber.Of(total.Hi, total.Lo);
        if (TTerm.SurplusFactor == 0 || !row.SumsToOne) return value;
        return TTerm.SurplusFactor > 0 ? value + row.Surplus : value - row.Surplus;
    }
}
