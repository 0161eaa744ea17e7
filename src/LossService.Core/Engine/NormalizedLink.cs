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

    private Vector256<double> IsClipped(in CategoricalRow<Dd> row, int c, Dd sum)
    {
        if (clip == 0) return Vector256<double>.Zero;
        var p = new Dd(Vector256.LoadUnsafe(ref row.Z[c])) / sum;
        return Dd.LessThan(p, _least) | Dd.LessThan(_most, p);
    }

    /// <summary>Σx in every lane; padding is 0.</summary>
    private static Dd Add(Span<double> x)
    {
        var sum = Dd.Zero;
        for (var c = 0; c < x.Length; c += Lanes.Width) sum += new Dd(Vector256.LoadUnsafe(ref x[c]));
        return Dd.SumOfLanes(sum);
    }
}
