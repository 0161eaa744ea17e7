using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>
/// p = x/S with S = Σx, then clipped where asked; log p = log(p). With g_c = u_c/p_c + v_c, 0 where clipped, backward:
/// ∂L/∂x_j = (g_j − Σ_i g_i p_i)/S.
/// </summary>
internal sealed class NormalizedLink(double clip) : CategoricalLink
{
    private readonly Dd _least = new(clip);
    private readonly Dd _most = Dd.One - new Dd(clip);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override Dd Fill(in CategoricalRow<Dd> row)
    {
        var sum = Add(row.Z);
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            var p = new Dd(Vector256.LoadUnsafe(ref row.Z[c])) / sum;
            if (clip > 0)
            {
                p = Dd.Select(Dd.LessThan(p, _least), _least, p);
                p = Dd.Select(Dd.LessThan(_most, p), _most, p);
            }
            row.P.Store(c, p);
            row.Q.Store(c, Dd.One - p);
            row.LogP.Store(c, Dd.Log(p));
        }
        // padding stays 0
        row.P.Hi[row.Classes..].Clear();
        row.P.Lo[row.Classes..].Clear();
        row.Q.Hi[row.Classes..].Fill(1);
        row.Q.Lo[row.Classes..].Clear();
        row.LogP.Hi[row.Classes..].Fill(double.NegativeInfinity);
        row.LogP.Lo[row.Classes..].Clear();
        return Dd.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Backward(in CategoricalRow<Dd> row, Dd scale, Dd logSumExpDerivative, Span<double> gradient)
    {
        var sum = Add(row.Z);
        var mean = Dd.Zero;
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            // g·p without the quotient, which is infinite where p = 0
            var gp = row.LogPDerivative[c] + Times(row.P[c], row.PDerivative[c]);
            mean += Dd.Select(IsClipped(row, c, sum), Dd.Zero, gp);
        }
        mean = Dd.SumOfLanes(mean);
        // where some derivative is infinite, those classes keep theirs, and the others push the other way
        var isFinite = double.IsFinite(mean.ToScalar());
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            var u = row.LogPDerivative[c];
            var g = Dd.Select(u.IsZero, Dd.Zero, u / row.P[c]) + row.PDerivative[c];
            g = Dd.Select(IsClipped(row, c, sum), Dd.Zero, g);
            g = isFinite ? g - mean : Dd.Select(g.IsFinite, -mean, g);
            (g / sum * scale).Round().CopyTo(gradient[c..]);
        }
    }

    /// <summary>
    /// With F_c = ∂²L/∂p_c² and A_c = p_c·g_c, both 0 where clipped:
    /// ∂²L/∂x_j² = (F_j·(1 − p_j)² + Σ_{i≠j} F_i·p_i² − 2·(g_j·(1 − p_j) − Σ_{i≠j} A_i))/S² + κ·(∂L/∂x_j)².
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void FindHessian(in CategoricalRow<Dd> row, in CurvatureRow curvature, Dd scale, in LogSumExpSlope logSumExp,
        Dd coupling, Span<double> hessian)
    {
        var sum = Add(row.Z);
        // as Σp = 1, a constant added to every g changes nothing, and that of the largest class avoids cancellation
        var largest = Ranking.FindMax(row.P.Hi);
        var winner = clip > 0 ? Dd.Zero : row.PDerivative.Broadcast(largest);
        var (othersA, othersB, allA, allB) = (Dd.Zero, Dd.Zero, Dd.Zero, Dd.Zero);
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            var (a, b) = GetProducts(row, curvature, winner, c, sum);
            var isLargest = Lanes.LaneIs(largest - c);
            othersA += Dd.Select(isLargest, Dd.Zero, a);
            othersB += Dd.Select(isLargest, Dd.Zero, b);
            allA += Dd.Select(isLargest, a, Dd.Zero);
            allB += Dd.Select(isLargest, b, Dd.Zero);
        }
        (othersA, othersB) = (Dd.SumOfLanes(othersA), Dd.SumOfLanes(othersB));
        (allA, allB) = (othersA + Dd.SumOfLanes(allA), othersB + Dd.SumOfLanes(allB));
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            var isLargest = Lanes.LaneIs(largest - c);
            var (a, b) = GetProducts(row, curvature, winner, c, sum);
            var (restA, restB) = (Dd.Select(isLargest, othersA, allA - a), Dd.Select(isLargest, othersB, allB - b));
            var (p, q, isClipped) = (row.P[c], row.Q[c], IsClipped(row, c, sum));
            var own = FreeHessian.ByP(row, curvature, Dd.Zero, c);
            var slope = Quotients.Over(row.LogPDerivative[c] * q, p) + (row.PDerivative[c] - winner) * q;
            (own, slope) = (Dd.Select(isClipped, Dd.Zero, own), Dd.Select(isClipped, Dd.Zero, slope) - restA);
            own = FreeHessian.TimesOrZero(q, FreeHessian.TimesOrZero(q, own));
            var h = Dd.Select(own.IsFinite, own + restB - slope - slope + FreeHessian.Couple(coupling, slope), own);
            (h / sum / sum * scale).Round().CopyTo(hessian[c..]);
        }
    }

    /// <summary>A_c and F_c·p_c² of four classes; 0 where clipped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (Dd First, Dd Second) GetProducts(in CategoricalRow<Dd> row, in CurvatureRow curvature, Dd winner, int c, Dd sum)
    {
        var (p, u, isClipped) = (row.P[c], row.LogPDerivative[c], IsClipped(row, c, sum));
        var first = u + Times(p, row.PDerivative[c] - winner);
        var second = curvature.LogP[c] - u + Times(p, curvature.Scaled[c] + p * curvature.P[c]);
        return (Dd.Select(isClipped, Dd.Zero, first), Dd.Select(isClipped, Dd.Zero, second));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Vector256<double> IsClipped(in CategoricalRow<Dd> row, int c, Dd sum)
    {
        if (clip == 0) return Vector256<double>.Zero;
        var p = new Dd(Vector256.LoadUnsafe(ref row.Z[c])) / sum;
        return Dd.LessThan(p, _least) | Dd.LessThan(_most, p);
    }

    /// <summary>Σx in every lane; padding is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Dd Add(Span<double> x)
    {
        var sum = Dd.Zero;
        for (var c = 0; c < x.Length; c += Lanes.Width) sum += new Dd(Vector256.LoadUnsafe(ref x[c]));
        return Dd.SumOfLanes(sum);
    }
}
