using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Losses.Categorical;

/// <summary>
/// The term D(x‖y) = x·log(x/y) − x + y ≥ 0 of a class, of which every divergence is a sum, and log(x/y). Both are accurate
/// where x and y are nearly equal, because y − x is given separately.
/// </summary>
/// <remarks>
/// With r = (y − x)/x: D = x·(r − log1p(r)), whose first term is x·r²/2, so a sum of D never cancels, whereas a sum of
/// x·log(x/y) is a small difference of large terms. The added −x + y vanish in a sum where Σx = Σy.
/// </remarks>
internal static class RelativeEntropy
{
    /// <summary>D(x‖y); y where x = 0, and ∞ where only log y is −∞.</summary>
    public static Dd Term(Dd x, Dd logX, Dd y, Dd logY, Dd yMinusX)
    {
        var r = yMinusX / x;
        var near = x * Excess(r);
        var far = x * (logX - logY) + yMinusX;
        return Dd.Select(x.IsZero, y, Dd.Select(IsSmall(r), near, far));
    }

    /// <summary>log(x/y), for an x above 0.</summary>
    public static Dd LogRatio(Dd x, Dd logX, Dd logY, Dd yMinusX)
    {
        var r = yMinusX / x;
        return Dd.Select(IsSmall(r), -Dd.Log1p(r), logX - logY);
    }

    /// <summary>r − log1p(r) for small r; by its series where the difference would lose more than 16 bits.</summary>
    private static Dd Excess(Dd r)
    {
        var series = new Dd(1.0 / 5) - r / Vector512.Create(6.0);
        series = new Dd(1.0 / 4) - r * series;
        series = Dd.One / Vector512.Create(3.0) - r * series;
        series = Dd.Square(r) * (new Dd(0.5) - r * series);
        return Dd.Select(IsBelow(r, 1.0 / 65536), series, r - Dd.Log1p(r));
    }

    private static Vector512<double> IsSmall(Dd r) => IsBelow(r, 0.25);

    private static Vector512<double> IsBelow(Dd r, double bound) =>
        Vector512.LessThan(Vector512.Abs(r.Hi), Vector512.Create(bound));
}
