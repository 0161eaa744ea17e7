using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>A formula that is a sum over the classes, L = Σ_c f(p_c, t_c, w_c), in any arithmetic.</summary>
internal interface IClassTerm
{
    /// <summary>What the value has of Σt − 1, the rounding error of a dense label, where Σp = 1.</summary>
    static virtual int SurplusFactor => 0;

    /// <summary>Whether f depends on the weight of the class.</summary>
    static virtual bool ReadsWeight => false;

    /// <summary>Whether <see cref="At"/> in plain double takes no more time than storing and loading its derivatives.</summary>
    static virtual bool IsLight => false;

    /// <summary>Whether ∂f/∂p is anything but 0, which it is where all of the derivative is ∂f/∂log p.</summary>
    static virtual bool HasPDerivative => true;

    /// <summary>
    /// Whether ∂f/∂p is a number or its negative, the same for all classes, and ∂f/∂log p is 0. Such an f reads neither log p nor a weight.
    /// </summary>
    static virtual bool IsStep => false;

    /// <summary>f and its derivatives for four classes; the value and the derivative on log p are exactly 0 for padding.</summary>
    ClassResult<TNumber> At<TNumber>(in ClassVector<TNumber> c) where TNumber : struct, IArithmetic<TNumber>;

    /// <summary>
    /// What <see cref="At"/> leaves of ∂²f/∂(log p)² beside p·∂f/∂p, where ∂f/∂log p is not derived again: p·(scaled + p·ofP).
    /// A loss without a Hessian is not asked.
    /// </summary>
    (Dd Scaled, Dd OfP) Curve(in ClassVector<Dd> c) => throw new NotSupportedException($"{GetType().Name} has no second derivative");
}
