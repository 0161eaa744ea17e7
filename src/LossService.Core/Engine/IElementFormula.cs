using LossService.Core.Kernels;

namespace LossService.Core.Engine;

/// <summary>A binary formula: L(p, t), element by element.</summary>
internal interface IElementFormula
{
    /// <summary>Whether the formula reads <see cref="EightElements.Z"/> alone and needs no probability.</summary>
    static abstract bool IsOnLogits { get; }

    /// <summary>Whether <see cref="LogisticKernel"/> computes the same, for plain logits and labels that are 0 or 1.</summary>
    static virtual bool IsLogistic => false;

    /// <summary>L and its derivatives for eight elements.</summary>
    ElementResult At(in EightElements e);
}
