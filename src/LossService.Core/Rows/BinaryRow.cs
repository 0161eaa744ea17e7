using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Rows;

/// <summary>Eight elements of a binary batch: each a sample of its own.</summary>
/// <param name="Z">The logits as posted, tempered; 0 for other predictions.</param>
/// <param name="P">p.</param>
/// <param name="Q">1 − p, by itself accurate.</param>
/// <param name="LogP">log p.</param>
/// <param name="LogQ">log(1 − p).</param>
/// <param name="T">t: the label after smoothing.</param>
/// <param name="PosWeight">The weight of the positive class.</param>
internal readonly record struct ElementLanes(Dd Z, Dd P, Dd Q, Dd LogP, Dd LogQ, Dd T, Vector512<double> PosWeight)
{
    /// <summary>p − t, from the side where it does not cancel: for t = 1 it is −(1 − p).</summary>
    public Dd Error => Dd.Select(Vector512.GreaterThan(T.Hi, Vector512.Create(0.5)), Dd.One - T - Q, P - T);
}

/// <summary>What eight elements cost, and the slopes of that; the four parts of the gradient add up.</summary>
/// <param name="Value">L.</param>
/// <param name="LogPSlope">∂L/∂log p with 1 − p held.</param>
/// <param name="LogQSlope">∂L/∂log(1 − p) with p held.</param>
/// <param name="PSlope">∂L/∂p of what is neither.</param>
/// <param name="ZSlope">∂L/∂z, for formulas on logits.</param>
internal readonly record struct ElementTerms(Dd Value, Dd LogPSlope, Dd LogQSlope, Dd PSlope, Dd ZSlope);

/// <summary>A binary formula: L(p, t), element by element.</summary>
internal interface IElementTerm
{
    /// <summary>Whether the formula reads <see cref="ElementLanes.Z"/> alone and needs no probability.</summary>
    static abstract bool IsOnLogits { get; }

    /// <summary>Whether <see cref="LogisticKernel"/> computes the same, for plain logits and labels that are 0 or 1.</summary>
    static virtual bool IsLogistic => false;

    /// <summary>L and its slopes for eight elements.</summary>
    ElementTerms At(in ElementLanes e);
}
