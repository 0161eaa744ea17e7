using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>Eight elements of a binary batch: each a sample of its own.</summary>
/// <param name="Z">The logits as posted, tempered; 0 for other predictions.</param>
/// <param name="P">p.</param>
/// <param name="Q">1 − p, by itself accurate.</param>
/// <param name="LogP">log p.</param>
/// <param name="LogQ">log(1 − p).</param>
/// <param name="T">t: the label after smoothing.</param>
/// <param name="PosWeight">The weight of the positive class.</param>
internal readonly record struct EightElements(Dd Z, Dd P, Dd Q, Dd LogP, Dd LogQ, Dd T, Vector512<double> PosWeight)
{
    /// <summary>p − t, from the side where it does not cancel: for t = 1 it is −(1 − p).</summary>
    public Dd Error => Dd.Select(Vector512.GreaterThan(T.Hi, Vector512.Create(0.5)), Dd.One - T - Q, P - T);
}
