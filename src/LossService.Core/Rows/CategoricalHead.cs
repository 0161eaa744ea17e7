using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Rows;

/// <summary>
/// What stands between the posted predictions and the distribution a formula sees: fills log p and p of a row, and pulls the
/// formula's slopes back to a gradient with respect to what was posted.
/// </summary>
internal abstract class CategoricalHead
{
    /// <summary>Fills <see cref="CategoricalRow.LogP"/> and <see cref="CategoricalRow.P"/> from <see cref="CategoricalRow.Z"/>.</summary>
    /// <returns>logsumexp of the logits, in every lane; 0 for heads without one.</returns>
    public abstract Dd Fill(in CategoricalRow row);

    /// <summary>Writes scale·∂L/∂z of the row into <paramref name="gradient"/> (padded), each rounded once.</summary>
    /// <param name="row">The row, its slopes written by the formula.</param>
    /// <param name="scale">The sample's weight in the reduced loss.</param>
    /// <param name="logSumExpSlope">∂L/∂logsumexp(z), where the loss has a term of it.</param>
    /// <param name="gradient">Where to.</param>
    public abstract void PullBack(in CategoricalRow row, Dd scale, Dd logSumExpSlope, Span<double> gradient);

    /// <summary>The head of a form of predictions.</summary>
    public static CategoricalHead Of(PredictionForm form, double temperature, double clip) => form switch
    {
        PredictionForm.Logits => new SoftmaxHead(temperature),
        PredictionForm.Probabilities => new ProbabilityHead(clip),
        _ => new LogProbabilityHead(),
    };

    /// <summary>
    /// p = softmax(z / T) by d_c = (z_c − max z)/T, s = Σ_{c≠argmax} e^{d_c}, log p_c = d_c − log1p(s), p_c = e^{d_c}/(1 + s).
    /// Nothing here subtracts what it has just added, so a tiny 1 − p of the winning class keeps its digits in p's low part.
    /// Pull-back: ∂L/∂z_j = (u_j(1 − p_j) − p_j Σ_{i≠j} u_i)/T with u = ∂L/∂log p + p ∂L/∂p.
    /// </summary>
    private sealed class SoftmaxHead(double temperature) : CategoricalHead
    {
        private readonly Vector512<double> _temperature = Vector512.Create(temperature);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override Dd Fill(in CategoricalRow row)
        {
            var z = row.Z;
            var k = ArgMax(z);
            if (double.IsPositiveInfinity(z[k]))
            {
                // the limit: the one infinite logit takes everything
                z.Fill(double.NegativeInfinity);
                z[k] = 0;
            }

            var max = Vector512.Create(z[k]);
            var sum = Dd.Zero;
            for (var c = 0; c < z.Length; c += DdRow.Lanes)
            {
                var d = Dd.Difference(Vector512.LoadUnsafe(ref z[c]), max);
                if (temperature != 1) d /= _temperature;
                var e = Dd.Exp(d);
                row.LogP.Store(c, d);
                row.P.Store(c, e);
                // e of the largest is exactly 1; it must not swallow the others
                sum += (k & -DdRow.Lanes) == c ? Dd.Select(LaneIs(k - c), Dd.Zero, e) : e;
            }
            sum = Dd.SumOfLanes(sum);
            var log = Dd.Log1p(sum);
            var scale = Dd.One / (Dd.One + sum);
            for (var c = 0; c < z.Length; c += DdRow.Lanes)
            {
                row.LogP.Store(c, row.LogP[c] - log);
                row.P.Store(c, row.P[c] * scale);
            }
            return new Dd(z[k]) / _temperature + log;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void PullBack(in CategoricalRow row, Dd scale, Dd logSumExpSlope, Span<double> gradient)
        {
            scale /= _temperature;
            var total = Dd.Zero;
            for (var c = 0; c < row.P.Length; c += DdRow.Lanes)
            {
                var u = row.LogSlope[c] + row.P[c] * row.Slope[c];
                row.LogSlope.Store(c, u);
                total += u;
            }
            total = Dd.SumOfLanes(total);
            var one = Dd.One;
            for (var c = 0; c < row.P.Length; c += DdRow.Lanes)
            {
                var (p, u) = (row.P[c], row.LogSlope[c]);
                var g = u * (one - p) - p * (total - u - logSumExpSlope);
                (g * scale).Round().CopyTo(gradient[c..]);
            }
        }

        private static int ArgMax(ReadOnlySpan<double> z)
        {
            var best = 0;
            for (var c = 1; c < z.Length; c++)
                if (z[c] > z[best]) best = c;
            return best;
        }

        private static Vector512<double> LaneIs(int lane) =>
            Vector512.Equals(Vector512.Create(0.0, 1, 2, 3, 4, 5, 6, 7), Vector512.Create((double)lane));
    }

    /// <summary>p as posted, clipped where asked; log p = log(p). Pull-back: ∂L/∂p_c = u_c/p_c + v_c, each p_c free.</summary>
    private sealed class ProbabilityHead(double clip) : CategoricalHead
    {
        private readonly Dd _least = new(clip);
        private readonly Dd _most = Dd.One - new Dd(clip);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override Dd Fill(in CategoricalRow row)
        {
            for (var c = 0; c < row.P.Length; c += DdRow.Lanes)
            {
                var p = new Dd(Vector512.LoadUnsafe(ref row.Z[c]));
                // padding stays 0: its target is 0 too
                if (clip > 0)
                {
                    p = Dd.Select(Dd.LessThan(p, _least), _least, p);
                    p = Dd.Select(Dd.LessThan(_most, p), _most, p);
                }
                row.P.Store(c, p);
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
        public override void PullBack(in CategoricalRow row, Dd scale, Dd logSumExpSlope, Span<double> gradient)
        {
            for (var c = 0; c < row.P.Length; c += DdRow.Lanes)
            {
                var u = row.LogSlope[c];
                var g = Dd.Select(u.IsZero, Dd.Zero, u / row.P[c]) + row.Slope[c];
                if (clip > 0)
                {
                    var z = new Dd(Vector512.LoadUnsafe(ref row.Z[c]));
                    g = Dd.Select(Dd.LessThan(z, _least) | Dd.LessThan(_most, z), Dd.Zero, g);
                }
                (g * scale).Round().CopyTo(gradient[c..]);
            }
        }
    }

    /// <summary>log p as posted; p = exp(log p). Pull-back: ∂L/∂log p_c = u_c + p_c v_c, each log p_c free.</summary>
    private sealed class LogProbabilityHead : CategoricalHead
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override Dd Fill(in CategoricalRow row)
        {
            for (var c = 0; c < row.P.Length; c += DdRow.Lanes)
            {
                var log = new Dd(Vector512.LoadUnsafe(ref row.Z[c]));
                row.LogP.Store(c, log);
                row.P.Store(c, Dd.Exp(log));
            }
            return Dd.Zero;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void PullBack(in CategoricalRow row, Dd scale, Dd logSumExpSlope, Span<double> gradient)
        {
            for (var c = 0; c < row.P.Length; c += DdRow.Lanes)
                ((row.LogSlope[c] + row.P[c] * row.Slope[c]) * scale).Round().CopyTo(gradient[c..]);
        }
    }
}
