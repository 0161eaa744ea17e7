using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Rows;

/// <summary>Eight classes of a row.</summary>
/// <param name="LogP">log p_c.</param>
/// <param name="P">p_c.</param>
/// <param name="Q">1 − p_c, by itself accurate.</param>
/// <param name="T">t_c, after smoothing.</param>
/// <param name="W">w_c, the class weight.</param>
/// <param name="First">The number of the first of the eight.</param>
internal readonly record struct ClassLanes(Dd LogP, Dd P, Dd Q, Dd T, Vector512<double> W, int First)
{
    /// <summary>p − t, from the side where it does not cancel: for t = 1 it is −(1 − p).</summary>
    public Dd Error => Dd.Select(Vector512.GreaterThan(T.Hi, Vector512.Create(0.5)), Dd.One - T - Q, P - T);
}

/// <summary>What eight classes contribute.</summary>
/// <param name="Value">f_c, with L = Σ_c f_c.</param>
/// <param name="LogSlope">Part of the gradient given as ∂f_c/∂log p_c.</param>
/// <param name="Slope">Part of the gradient given as ∂f_c/∂p_c.</param>
internal readonly record struct ClassTerms(Dd Value, Dd LogSlope, Dd Slope);

/// <summary>A formula that is a sum over the classes: L = Σ_c f(p_c, t_c, w_c).</summary>
internal interface ITerm
{
    /// <summary>f and its slopes for eight classes; the value and the slope on log p are exactly 0 for padding.</summary>
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
            var terms = term.At(row.Lanes(c, weight));
            value += terms.Value;
            row.LogSlope.Store(c, terms.LogSlope);
            row.Slope.Store(c, terms.Slope);
        }
        return Dd.SumOfLanes(value);
    }
}
