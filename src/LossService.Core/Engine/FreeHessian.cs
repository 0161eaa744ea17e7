using System.Runtime.CompilerServices;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>
/// Second derivatives by predictions that are p or log p, each free: from u, v, w, y, x of <see cref="CurvatureRow"/>, and κ of
/// <see cref="CategoricalFormula.Curve"/>. NaN where u is infinite.
/// </summary>
internal static class FreeHessian
{
    /// <summary>∂²L/∂p² = (w − u)/p² + y/p + x + κ·(u/p + v)².</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd ByP(in CategoricalRow<Dd> row, in CurvatureRow curvature, Dd coupling, int c)
    {
        var (p, u) = (row.P[c], row.LogPDerivative[c]);
        var slope = Quotients.Over(u, p) + row.PDerivative[c];
        var first = Quotients.OverSquare(curvature.LogP[c] - u, p);
        var h = Quotients.Beside(first, Quotients.Over(curvature.Scaled[c], p) + curvature.P[c]);
        return Dd.Select(u.IsFinite, h + Couple(coupling, slope), new Dd(double.NaN));
    }

    /// <summary>∂²L/∂(log p)² = w + p·(v + y + p·x) + κ·(u + p·v)².</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd ByLogP(in CategoricalRow<Dd> row, in CurvatureRow curvature, Dd coupling, int c)
    {
        var (p, u, v) = (row.P[c], row.LogPDerivative[c], row.PDerivative[c]);
        var h = curvature.LogP[c] + TimesOrZero(p, v + curvature.Scaled[c] + p * curvature.P[c]);
        return Dd.Select(u.IsFinite, h + Couple(coupling, u + TimesOrZero(p, v)), new Dd(double.NaN));
    }

    /// <summary>κ·g², in an order that does not underflow; 0 where κ or g is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd Couple(Dd coupling, Dd slope) =>
        Dd.Select(coupling.IsZero | slope.IsZero, Dd.Zero, coupling * slope * slope);

    /// <summary>a·b; 0 where a = 0, even where b is infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd TimesOrZero(Dd a, Dd b) => Dd.Select(a.IsZero, Dd.Zero, a * b);
}
