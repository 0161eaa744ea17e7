namespace LossService.Core.Engine;

/// <summary>A formula that is a sum over the classes: L = Σ_c f(p_c, t_c, w_c).</summary>
internal interface IClassTerm
{
    /// <summary>f and its derivatives for eight classes; the value and the derivative on log p are exactly 0 for padding.</summary>
    ClassResult At(in EightClasses c);
}
