using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>A categorical formula: a row's value, and its derivatives.</summary>
internal abstract class CategoricalFormula
{
    /// <summary>Whether the formula reads <see cref="CategoricalRow.Z"/> alone and needs no distribution.</summary>
    public virtual bool IsOnLogits => false;

    /// <summary>Whether the loss has a term of logsumexp(z/T) beside the value.</summary>
    public virtual bool HasLogSumExpTerm => false;

    /// <summary>The term of logsumexp(z/T).</summary>
    public virtual Dd GetLogSumExpTerm(Dd logSumExp) => Dd.Zero;

    /// <summary>The derivative of that term with respect to logsumexp(z/T).</summary>
    public virtual Dd GetLogSumExpDerivative(Dd logSumExp) => Dd.Zero;

    /// <summary>The value of a row, in every lane; writes both derivatives of every class.</summary>
    public abstract Dd Score(in CategoricalRow row);
}
