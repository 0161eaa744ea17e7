using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>
/// p = σ(z/T) for each class by itself: with e = e^−|z/T|, the smaller of p and 1 − p is e/(1 + e), the larger 1/(1 + e). Backward:
/// ∂L/∂z = (u·(1 − p) + p·(1 − p)·v)/T.
/// </summary>
internal sealed class SigmoidLink(double temperature) : CategoricalLink
{
    private readonly Dd _temperature = new(temperature);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override Dd Fill(in CategoricalRow<Dd> row)
    {
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            var z = new Dd(Vector256.LoadUnsafe(ref row.Z[c]));
            if (temperature != 1) z /= _temperature;
            var negative = -Dd.Abs(z);
            var e = Dd.Exp(negative);
            var (large, log) = (Dd.One / (Dd.One + e), Dd.Log1p(e));
            var (small, isNegative) = (e * large, Vector256.LessThan(z.Hi, Vector256<double>.Zero));
            row.P.Store(c, Dd.Select(isNegative, small, large));
            row.Q.Store(c, Dd.Select(isNegative, large, small));
            row.LogP.Store(c, Dd.Select(isNegative, negative, Dd.Zero) - log);
        }
        return Dd.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Backward(in CategoricalRow<Dd> row, Dd scale, Dd logSumExpDerivative, Span<double> gradient)
    {
        scale /= _temperature;
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            var q = row.Q[c];
            ((row.LogPDerivative[c] * q + Times(row.P[c] * q, row.PDerivative[c])) * scale).Round().CopyTo(gradient[c..]);
        }
    }

    /// <inheritdoc/>
    public override void FindHessian(in CategoricalRow<Dd> row, in CurvatureRow curvature, Dd scale, in LogSumExpSlope logSumExp,
        Dd coupling, Span<double> hessian) => throw new NotSupportedException("An overlap has no Hessian.");
}
