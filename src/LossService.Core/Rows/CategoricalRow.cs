using LossService.Core.Numerics;

namespace LossService.Core.Rows;

/// <summary>One sample as a categorical formula sees it: K classes and their padding, in double-double.</summary>
/// <remarks>
/// A head fills what is predicted, <see cref="Labels"/> the target; the formula returns the value and writes the slopes
/// u_c = ∂L/∂log p_c and v_c = ∂L/∂p_c, whichever is finite where p → 0 (their effects add up); the head pulls them back to
/// what the client posted. Padding has p = 0, log p = −∞, z = −∞ and t = 0.
/// </remarks>
internal readonly ref struct CategoricalRow
{
    /// <summary>The number of classes, K.</summary>
    public required int Classes { get; init; }

    /// <summary>The target's class where it is one-hot and not smoothed; otherwise <see cref="Labels.Soft"/>.</summary>
    public int Hard { get; init; }

    /// <summary>The predictions as posted, padded.</summary>
    public required Span<double> Z { get; init; }

    /// <summary>log p_c.</summary>
    public required DdRow LogP { get; init; }

    /// <summary>p_c.</summary>
    public required DdRow P { get; init; }

    /// <summary>t_c: the target after smoothing.</summary>
    public required DdRow T { get; init; }

    /// <summary>w_c: the class weights; empty = all are 1.</summary>
    public ReadOnlySpan<double> ClassWeight { get; init; }

    /// <summary>Out: ∂L/∂log p_c; for a formula on logits, ∂L/∂z_c.</summary>
    public required DdRow LogSlope { get; init; }

    /// <summary>Out: ∂L/∂p_c.</summary>
    public required DdRow Slope { get; init; }
}

/// <summary>A categorical formula: a row's value, and its slopes.</summary>
internal abstract class CategoricalFormula
{
    /// <summary>Whether the formula reads <see cref="CategoricalRow.Z"/> alone and needs no distribution.</summary>
    public virtual bool IsOnLogits => false;

    /// <summary>The value of a row, in every lane; writes both slopes of every class.</summary>
    public abstract Dd Score(in CategoricalRow row);
}
