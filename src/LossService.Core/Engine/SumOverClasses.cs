using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>The one loop of all formulas that are sums over classes.</summary>
internal sealed class SumOverClasses<TTerm>(TTerm term) : CategoricalFormula where TTerm : struct, IClassTerm
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override Dd Score(in CategoricalRow row)
    {
        var value = Dd.Zero;
        var weight = Vector512<double>.One;
        for (var c = 0; c < row.P.Length; c += DdRow.Width)
        {
            if (!row.ClassWeight.IsEmpty)
                weight = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(row.ClassWeight), (nuint)c);
            var terms = term.At(row.Eight(c, weight));
            value += terms.Value;
            row.LogPDerivative.Store(c, terms.LogPDerivative);
            row.PDerivative.Store(c, terms.PDerivative);
        }
        return Dd.SumOfLanes(value);
    }
}
