using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>Eight classes of a row.</summary>
/// <param name="LogP">log p_c.</param>
/// <param name="P">p_c.</param>
/// <param name="Q">1 − p_c, by itself accurate.</param>
/// <param name="T">t_c, after smoothing.</param>
/// <param name="W">w_c, the class weight.</param>
/// <param name="First">The number of the first of the eight.</param>
internal readonly record struct EightClasses(Dd LogP, Dd P, Dd Q, Dd T, Vector512<double> W, int First)
{
    /// <summary>p − t, from the side where it does not cancel: for t = 1 it is −(1 − p).</summary>
    public Dd Error => Dd.Select(Vector512.GreaterThan(T.Hi, Vector512.Create(0.5)), Dd.One - T - Q, P - T);
}
