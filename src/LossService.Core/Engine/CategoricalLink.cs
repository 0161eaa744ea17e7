using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Engine;

/// <summary>
/// Maps posted predictions to the distribution that a formula reads (log p and p of a row), and, backward, the formula's derivatives
/// to the gradient with respect to the posted predictions.
/// </summary>
internal abstract class CategoricalLink
{
    /// <summary>Fills log p, p and 1 − p of a row from <see cref="CategoricalRow{TNumber}.Z"/>.</summary>
    /// <returns>logsumexp of the logits, in every lane; 0 for links without one.</returns>
    public abstract Dd Fill(in CategoricalRow<Dd> row);

    /// <summary>Writes scale·∂L/∂z of the row into <paramref name="gradient"/> (padded), each rounded once.</summary>
    /// <param name="row">The row, its derivatives written by the formula.</param>
    /// <param name="scale">The sample's weight in the reduced loss.</param>
    /// <param name="logSumExpDerivative">∂L/∂logsumexp(z), where the loss has a term of it.</param>
    /// <param name="gradient">Where to.</param>
    public abstract void Backward(in CategoricalRow<Dd> row, Dd scale, Dd logSumExpDerivative, Span<double> gradient);

    /// <summary>Writes scale·∂²L/∂z_c² of every class of the row into <paramref name="hessian"/> (padded), each rounded once.</summary>
    /// <param name="row">The row, its derivatives written by the formula, before <see cref="Backward"/>.</param>
    /// <param name="curvature">Its second derivatives, written by the formula.</param>
    /// <param name="scale">The sample's weight in the reduced loss.</param>
    /// <param name="logSumExp">The derivatives by logsumexp(z), where the loss has a term of it.</param>
    /// <param name="coupling">κ of <see cref="CategoricalFormula.Curve"/>.</param>
    /// <param name="hessian">Where to.</param>
    public abstract void FindHessian(in CategoricalRow<Dd> row, in CurvatureRow curvature, Dd scale, in LogSumExpSlope logSumExp,
        Dd coupling, Span<double> hessian);

    /// <summary>p·v; 0 where p = 0, since p·v → 0 wherever v is infinite.</summary>
    protected static Dd Times(Dd p, Dd v) => Dd.Select(p.IsZero, Dd.Zero, p * v);

    /// <summary>The link of a form of predictions whose rows are not normalized.</summary>
    /// <param name="form">The form.</param>
    /// <param name="temperature">What logits are divided by.</param>
    /// <param name="bias">What is added to the quotients, padded with zeros; empty = 0.</param>
    /// <param name="clip">How far from 0 and 1 probabilities are kept.</param>
    public static CategoricalLink Create(PredictionForm form, double temperature, double[] bias, double clip) => form switch
    {
        PredictionForm.Logits => new SoftmaxLink(temperature, bias),
        PredictionForm.Probabilities => new ProbabilityLink(clip),
        _ => new LogProbabilityLink(),
    };

    /// <summary>
    /// p = softmax(z / T) by d_c = (z_c − max z)/T, s = Σ_{c≠argmax} e^{d_c}, log p_c = d_c − log1p(s), p_c = e^{d_c}/(1 + s).
    /// 1 − p of the largest class is s/(1 + s), which does not cancel. With a bias b, z/T + b stands for z/T, and takes the place of z.
    /// Backward: ∂L/∂z_j = (u_j(1 − p_j) − p_j Σ_{i≠j} u_i)/T with u = ∂L/∂log p + p·(∂L/∂p − that of the largest class): as
    /// Σp = 1, a constant added to every ∂L/∂p changes nothing, and this one avoids cancellation.
    /// </summary>
    private sealed class SoftmaxLink(double temperature, double[] bias) : CategoricalLink
    {
        private readonly Vector256<double> _temperature = Vector256.Create(temperature);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override Dd Fill(in CategoricalRow<Dd> row)
        {
            var z = row.Z;
            var k = bias.Length == 0 ? Ranking.FindMax(z) : ClassBias.FindMax(z, temperature, bias);
            // the limit for one infinite logit: p = 1
            var certain = double.IsPositiveInfinity(z[k]);
            // the difference of two logits may overflow where a part of it, divided by T, does not
            var isLarge = temperature > 1 && row.DifferencesMayOverflow();
            var unit = Vector256.Create(isLarge ? 0.25 : 1);
            var max = Vector256.Create(z[k]) * unit;
            var sum = Dd.Zero;
            for (var c = 0; c < z.Length; c += Lanes.Width)
            {
                var winner = Lanes.LaneIs(k - c);
                var d = certain
                    ? Dd.Select(winner, Dd.Zero, new Dd(double.NegativeInfinity))
                    : Dd.Difference(Vector256.LoadUnsafe(ref z[c]) * unit, max);
                if (temperature != 1) d /= _temperature * unit;
                if (bias.Length > 0) d += Dd.Difference(Vector256.LoadUnsafe(ref bias[c]), Vector256.Create(bias[k]));
                var e = Dd.Exp(d);
                row.LogP.Store(c, d);
                row.P.Store(c, e);
                // the largest's e is exactly 1; in the sum it would cost the others their low digits
                sum += Dd.Select(winner, Dd.Zero, e);
            }
            sum = Dd.SumOfLanes(sum);
            var log = Dd.Log1p(sum);
            var scale = Dd.One / (Dd.One + sum);
            var largest = new Dd(z[k]) / _temperature;
            if (bias.Length > 0) largest += new Dd(bias[k]);
            for (var c = 0; c < z.Length; c += Lanes.Width)
            {
                var p = row.P[c] * scale;
                // the logits are ranked afterwards, and not read otherwise
                if (bias.Length > 0) row.LogP[c].Round().CopyTo(z[c..]);
                row.LogP.Store(c, row.LogP[c] - log);
                row.P.Store(c, p);
                row.Q.Store(c, Dd.Select(Lanes.LaneIs(k - c), sum * scale, Dd.One - p));
            }
            return log + largest;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Backward(in CategoricalRow<Dd> row, Dd scale, Dd logSumExpDerivative, Span<double> gradient)
        {
            scale /= _temperature;
            // that of the largest class is added last: the others' sum, which its own gradient needs, would lose its digits
            var others = Dd.Zero;
            var k = Ranking.FindMax(row.Z);
            var winner = row.PDerivative.Broadcast(k);
            var (hasTiny, shiftedTotal) = (false, Dd.Zero);
            for (var c = 0; c < row.P.Length; c += Lanes.Width)
            {
                var (u, v) = (row.LogPDerivative[c], row.PDerivative[c] - winner);
                var isTiny = Underflow.IsTiny(row, c);
                if (isTiny != Vector256<double>.Zero)
                {
                    hasTiny = true;
                    shiftedTotal += Dd.Select(isTiny & v.IsFinite, Times(Underflow.ShiftedP(row, c), v), Dd.Zero);
                }
                u = Dd.Select(isTiny, u, u + Times(row.P[c], v));
                row.LogPDerivative.Store(c, u);
                others += Dd.Select(Lanes.LaneIs(k - c), Dd.Zero, u);
            }
            others = Dd.SumOfLanes(others);
            var total = others + row.LogPDerivative.Broadcast(k);
            shiftedTotal = Dd.SumOfLanes(shiftedTotal) * scale;
            var tinyTotal = Underflow.ShiftBack(shiftedTotal);
            var isFinite = double.IsFinite(total.ToScalar());
            // where only the largest p is not tiny, its gradient is what the others leave, since all add up to ∂L/∂logsumexp
            var isCertain = hasTiny && Underflow.IsTiny(row.Q.Hi[k]);
            var rest = Dd.Zero;
            for (var c = 0; c < row.P.Length; c += Lanes.Width)
            {
                var u = row.LogPDerivative[c];
                var g = isFinite
                    ? u * row.Q[c] - Times(row.P[c], Dd.Select(Lanes.LaneIs(k - c), others, total - u) - logSumExpDerivative)
                    : Limit(u, total, row.LogP[c]);
                g *= scale;
                if (hasTiny && isFinite)
                {
                    g -= Times(row.P[c], tinyTotal);
                    var isTiny = isCertain ? ~Lanes.LaneIs(k - c) : Underflow.IsTiny(row, c);
                    var derivative = row.PDerivative[c] + (logSumExpDerivative - winner - total);
                    var shifted = (Underflow.Shift(u) + Times(Underflow.ShiftedP(row, c), derivative)) * scale;
                    shifted = Dd.Select(isTiny & shifted.IsFinite, shifted, Dd.Zero);
                    g = Dd.Select(isTiny, Underflow.ShiftBack(shifted), g);
                    rest += shifted;
                }
                g.Round().CopyTo(gradient[c..]);
            }
            if (isCertain && isFinite) gradient[k] = (logSumExpDerivative * scale - Underflow.ShiftBack(Dd.SumOfLanes(rest))).ToScalar();
        }

        /// <summary>The limit for infinite derivatives: ±∞ for their classes, the opposite infinity for other classes with p > 0.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static Dd Limit(Dd u, Dd total, Dd logP) => Dd.Select(
            u.IsFinite, Dd.Select(logP.IsFinite, -total, Dd.Zero), u);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void FindHessian(in CategoricalRow<Dd> row, in CurvatureRow curvature, Dd scale, in LogSumExpSlope logSumExp,
            Dd coupling, Span<double> hessian)
        {
            var perTemperature = scale / _temperature / _temperature;
            new SoftmaxHessian(row, curvature, perTemperature, logSumExp, coupling).Write(hessian);
        }
    }

    /// <summary>p as posted, clipped where asked; log p = log(p). Backward: ∂L/∂p_c = u_c/p_c + v_c, each p_c free.</summary>
    private sealed class ProbabilityLink(double clip) : CategoricalLink
    {
        private readonly Dd _least = new(clip);
        private readonly Dd _most = Dd.One - new Dd(clip);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override Dd Fill(in CategoricalRow<Dd> row)
        {
            for (var c = 0; c < row.P.Length; c += Lanes.Width)
            {
                var p = new Dd(Vector256.LoadUnsafe(ref row.Z[c]));
                if (clip > 0)
                {
                    p = Dd.Select(Dd.LessThan(p, _least), _least, p);
                    p = Dd.Select(Dd.LessThan(_most, p), _most, p);
                }
                row.P.Store(c, p);
                row.Q.Store(c, Dd.One - p);
                row.LogP.Store(c, Dd.Log(p));
            }
            if (clip > 0)
            {
                row.P.Hi[row.Classes..].Clear();
                row.P.Lo[row.Classes..].Clear();
                row.LogP.Hi[row.Classes..].Fill(double.NegativeInfinity);
                row.LogP.Lo[row.Classes..].Clear();
            }
            return Dd.Zero;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Backward(in CategoricalRow<Dd> row, Dd scale, Dd logSumExpDerivative, Span<double> gradient)
        {
            for (var c = 0; c < row.P.Length; c += Lanes.Width)
            {
                var u = row.LogPDerivative[c];
                var g = Dd.Select(u.IsZero, Dd.Zero, u / row.P[c]) + row.PDerivative[c];
                if (clip > 0)
                {
                    var z = new Dd(Vector256.LoadUnsafe(ref row.Z[c]));
                    g = Dd.Select(Dd.LessThan(z, _least) | Dd.LessThan(_most, z), Dd.Zero, g);
                }
                (g * scale).Round().CopyTo(gradient[c..]);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void FindHessian(in CategoricalRow<Dd> row, in CurvatureRow curvature, Dd scale, in LogSumExpSlope logSumExp,
            Dd coupling, Span<double> hessian)
        {
            for (var c = 0; c < row.P.Length; c += Lanes.Width)
            {
                var h = FreeHessian.ByP(row, curvature, coupling, c);
                if (clip > 0)
                {
                    var z = new Dd(Vector256.LoadUnsafe(ref row.Z[c]));
                    h = Dd.Select(Dd.LessThan(z, _least) | Dd.LessThan(_most, z), Dd.Zero, h);
                }
                (h * scale).Round().CopyTo(hessian[c..]);
            }
        }
    }

    /// <summary>log p as posted; p = exp(log p). Backward: ∂L/∂log p_c = u_c + p_c v_c, each log p_c free.</summary>
    private sealed class LogProbabilityLink : CategoricalLink
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override Dd Fill(in CategoricalRow<Dd> row)
        {
            for (var c = 0; c < row.P.Length; c += Lanes.Width)
            {
                var log = new Dd(Vector256.LoadUnsafe(ref row.Z[c]));
                row.LogP.Store(c, log);
                row.P.Store(c, Dd.Exp(log));
                row.Q.Store(c, -Dd.Expm1(log));
            }
            return Dd.Zero;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Backward(in CategoricalRow<Dd> row, Dd scale, Dd logSumExpDerivative, Span<double> gradient)
        {
            for (var c = 0; c < row.P.Length; c += Lanes.Width)
                ((row.LogPDerivative[c] + Times(row.P[c], row.PDerivative[c])) * scale).Round().CopyTo(gradient[c..]);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void FindHessian(in CategoricalRow<Dd> row, in CurvatureRow curvature, Dd scale, in LogSumExpSlope logSumExp,
            Dd coupling, Span<double> hessian)
        {
            for (var c = 0; c < row.P.Length; c += Lanes.Width)
                (FreeHessian.ByLogP(row, curvature, coupling, c) * scale).Round().CopyTo(hessian[c..]);
        }
    }
}
