using LossService.Core.Kernels;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>A binary formula: L(p, t), element by element, in any arithmetic.</summary>
internal interface IElementFormula : ILogisticLoss
{
    /// <summary>Whether the formula reads <see cref="ElementVector{TWide, TNumber}.Z"/> alone and needs no probability.</summary>
    static virtual bool IsOnLogits => false;

    /// <summary>Whether the formula reads the logarithms.</summary>
    static virtual bool NeedsLogs => true;

    /// <summary>
    /// Whether the value is within 3 ulp in plain doubles alone, so that sums of values are within 4; else p, t and what is computed of
    /// them alone has the arithmetic of <see cref="WideDouble"/>.
    /// </summary>
    static virtual bool IsPlain => false;

    /// <summary>Whether plain doubles alone are enough for the value of a posted probability where the label is 0 or 1, too.</summary>
    static virtual bool IsPlainWhereHard => false;

    /// <summary>L and its derivatives for some elements.</summary>
    ElementResult<TNumber> At<TWide, TNumber>(in ElementVector<TWide, TNumber> e)
        where TWide : struct, IArithmetic<TWide>
        where TNumber : struct, IArithmetic<TNumber>;

    /// <summary>
    /// The second derivative of four elements: of a formula on logits by z; else by p, or where p = σ(z), by z and divided by p(1 − p).
    /// A loss without a Hessian is not asked.
    /// </summary>
    Dd Curve(in ElementVector<Dd, Dd> e, bool isSigmoid) => throw new NotSupportedException($"{GetType().Name} has no second derivative");
}
