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

    /// <summary>p·v; 0 where p = 0, since p·v → 0 wherever v is infinite.</summary>
    private static Dd Times(Dd p, Dd v) => Dd.Select(p.IsZero, Dd.Zero, p * v);

    /// <summary>The link of a form of predictions.</summary>
    public static CategoricalLink Create(PredictionForm form, double temperature, double clip, bool normalizes) => form switch
    {
        PredictionForm.Logits => new LogitLink(temperature),
        PredictionForm.Probabilities when normalizes => new NormalizedLink(clip),
        PredictionForm.Probabilities => new ProbabilityLink(clip),
        _ => new LogProbabilityLink(),
    };

    private sealed class LogitLink(double temperature) : CategoricalLink
    {
        public override Dd Fill(in CategoricalRow<Dd> row) => SoftmaxLink<Dd>.Fill(row, temperature);

        public override void Backward(in CategoricalRow<Dd> row, Dd scale, Dd logSumExpDerivative, Span<double> gradient) =>
            SoftmaxLink<Dd>.Backward(row, scale, logSumExpDerivative, temperature, gradient, leastPart: 0);
    }

    /// <summary>p as posted, clipped where asked; log p = log(p). Backward: ∂L/∂p_c = u_c/p_c + v_c, each p_c free.</summary>
    private sealed class ProbabilityLink(double clip) : CategoricalLink
    {
        private readonly Dd _least = new(clip);
        private readonly Dd _most = Dd.One - new Dd(clip);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override Dd Fill(in CategoricalRow<Dd> row)
        {
            for (var c = 0; c < row.P.Length; c += DdRow.Width)
            {
                var p = new Dd(Vector512.LoadUnsafe(ref row.Z[c]));
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
            for (var c = 0; c < row.P.Length; c += DdRow.Width)
            {
                var u = row.LogPDerivative[c];
                var g = Dd.Select(u.IsZero, Dd.Zero, u / row.P[c]) + row.PDerivative[c];
                if (clip > 0)
                {
                    var z = new Dd(Vector512.LoadUnsafe(ref row.Z[c]));
                    g = Dd.Select(Dd.LessThan(z, _least) | Dd.LessThan(_most, z), Dd.Zero, g);
                }
                (g * scale).Round().CopyTo(gradient[c..]);
            }
        }
    }

    /// <summary>log p as posted; p = exp(log p). Backward: ∂L/∂log p_c = u_c + p_c v_c, each log p_c free.</summary>
    private sealed class LogProbabilityLink : CategoricalLink
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override Dd Fill(in CategoricalRow<Dd> row)
        {
            for (var c = 0; c < row.P.Length; c += DdRow.Width)
            {
                var log = new Dd(Vector512.LoadUnsafe(ref row.Z[c]));
                row.LogP.Store(c, log);
                row.P.Store(c, Dd.Exp(log));
                row.Q.Store(c, -Dd.Expm1(log));
            }
            return Dd.Zero;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Backward(in CategoricalRow<Dd> row, Dd scale, Dd logSumExpDerivative, Span<double> gradient)
        {
            for (var c = 0; c < row.P.Length; c += DdRow.Width)
                ((row.LogPDerivative[c] + Times(row.P[c], row.PDerivative[c])) * scale).Round().CopyTo(gradient[c..]);
        }
    }

    /// <summary>
    /// p = x/S with S = Σx, then clipped where asked; log p = log(p). With g_c = u_c/p_c + v_c, 0 where clipped, the pull-back is
    /// ∂L/∂x_j = (g_j − Σ_i g_i p_i)/S.
    /// </summary>
    private sealed class NormalizedLink(double clip) : CategoricalLink
    {
        private readonly Dd _least = new(clip);
        private readonly Dd _most = Dd.One - new Dd(clip);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override Dd Fill(in CategoricalRow<Dd> row)
        {
            var sum = Add(row.Z);
            for (var c = 0; c < row.P.Length; c += DdRow.Width)
            {
                var p = new Dd(Vector512.LoadUnsafe(ref row.Z[c])) / sum;
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
            for (var c = 0; c < row.P.Length; c += DdRow.Width)
            {
                // g·p without the quotient, which is infinite where p = 0
                var gp = row.LogPDerivative[c] + Times(row.P[c], row.PDerivative[c]);
                mean += Dd.Select(IsClipped(row, c, sum), Dd.Zero, gp);
            }
            mean = Dd.SumOfLanes(mean);
            // where some derivative is infinite, those classes keep theirs, and the others push the other way
            var isFinite = double.IsFinite(mean.ToScalar());
            for (var c = 0; c < row.P.Length; c += DdRow.Width)
            {
                var u = row.LogPDerivative[c];
                var g = Dd.Select(u.IsZero, Dd.Zero, u / row.P[c]) + row.PDerivative[c];
                g = Dd.Select(IsClipped(row, c, sum), Dd.Zero, g);
                g = isFinite ? g - mean : Dd.Select(g.IsFinite, -mean, g);
                (g / sum * scale).Round().CopyTo(gradient[c..]);
            }
        }

        private Vector512<double> IsClipped(in CategoricalRow<Dd> row, int c, Dd sum)
        {
            if (clip == 0) return Vector512<double>.Zero;
            var p = new Dd(Vector512.LoadUnsafe(ref row.Z[c])) / sum;
            return Dd.LessThan(p, _least) | Dd.LessThan(_most, p);
        }

        /// <summary>Σx in every lane; padding is 0.</summary>
        private static Dd Add(Span<double> x)
        {
            var sum = Dd.Zero;
            for (var c = 0; c < x.Length; c += DdRow.Width) sum += new Dd(Vector512.LoadUnsafe(ref x[c]));
            return Dd.SumOfLanes(sum);
        }
    }
}
