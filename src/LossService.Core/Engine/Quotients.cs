using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>Quotients by probabilities, in second derivatives.</summary>
internal static class Quotients
{
    /// <summary>a/p; 0 where a = 0, even for p = 0.</summary>
    public static Dd Over(Dd a, Dd p) => Dd.Select(a.IsZero, Dd.Zero, a / p);

    /// <summary>a/p², by division twice, since p² underflows earlier; 0 where a = 0.</summary>
    public static Dd OverSquare(Dd a, Dd p) => Over(Over(a, p), p);

    /// <summary>The sum of a quotient by p² and of what does not matter where that is infinite.</summary>
    public static Dd Beside(Dd quotient, Dd other) => Dd.Select(quotient.IsFinite, quotient + other, quotient);
}
