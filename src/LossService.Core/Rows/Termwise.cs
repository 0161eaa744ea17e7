using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Rows;

/// <summary>Eight classes of a row.</summary>
/// <param name="LogP">log p_c.</param>
/// <param name="P">p_c.</param>
/// <param name="T">t_c, after smoothing.</param>
/// <param name="W">w_c, the class weight.</param>
internal readonly record struct ClassLanes(Dd LogP, Dd P, Dd T, Vector512<double> W);

/// <summary>What eight classes contribute.</summary>
/// <param name="Value">f_c, with L = Σ_c f_c.</param>
/// <param name="LogSlope">Part of the gradient given as ∂f_c/∂log p_c.</param>
/// <param name="Slope">Part of the gradient given as ∂f_c/∂p_c.</param>
internal readonly record struct ClassTerms(Dd Value, Dd LogSlope, Dd Slope);

/// <summary>A formula that is a sum over the classes: L = Σ_c f(p_c, t_c, w_c).</summary>
internal interface ITerm
{
    /// <summary>f and its slopes for eight classes; exactly 0 for padding (p = 0, t = 0).</summary>
    ClassTerms At(in ClassLanes c);
}

/// <summary>The one loop of all formulas that are sums over classes.</summary>
internal sealed class Termwise<TTerm>(TTerm term) : CategoricalFormula where TTerm : struct, ITerm
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override Dd Score(in CategoricalRow row)
    {
        var value = Dd.Zero;
        var weight = Vector512<double>.One;
        for (var c = 0; c < row.P.Length; c += DdRow.Lanes)
        {
            if (!row.ClassWeight.IsEmpty)
                weight = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(row.ClassWeight), (nuint)c);
            var terms = term.At(new(row.LogP[c], row.P[c], row.T[c], weight));
            value += terms.Value;
            row.LogSlope.Store(c, terms.LogSlope);
            row.Slope.Store(c, terms.Slope);
        }
        return Dd.SumOfLanes(value);
    }
}
