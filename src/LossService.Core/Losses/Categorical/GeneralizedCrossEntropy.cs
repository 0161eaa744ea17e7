using System.Runtime.CompilerServices;
using LossService.Core.Engine;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Categorical;

/// <summary>L = (1 − s^q)/q with s = Σ_c t_c p_c.</summary>
internal sealed class GeneralizedCrossEntropy : CategoricalLoss
{
    public static readonly Option<double> Exponent = new("q", OptionForm.Number, 0.7,
        "q: exponent. Towards 0 the loss tends to cross-entropy, at 1 it is 1 − p; larger values are more robust to wrong labels.")
    { Minimum = 1e-6, Maximum = 1 };

    public override string Name => "generalized_cross_entropy";

    public override bool HasSecondDerivative => true;

    public override IReadOnlyList<Option> Options { get; } = WithShared(Exponent);

    public override LossPage Page { get; } = new()
    {
        Title = "Generalized cross-entropy",
        Summary = "Generalized cross-entropy: (1 − s^q)/q with s the probability of the label; bounded by 1/q, between cross-entropy and "
            + "mean absolute error.",
        Formula = @"\ell = \frac{1 - s^q}{q}, \qquad s = \sum_c t_c\, p_c",
        WhenToUse = """
            Use it when some labels are wrong: its gradient is that of cross-entropy times s^q, so samples that the model strongly
            contradicts have little influence. This holds for correct but hard samples too, so training can stall; start with
            cross_entropy in that case, or use symmetric_cross_entropy, which keeps a part of it. For clean labels prefer cross_entropy.

            Range: 0 to 1/q. As q tends to 0 it tends to −log s; at q = 1 it is 1 − s, which for class indices is proportional to
            the mean absolute error. Gradient with respect to logits, for class indices: s^q (p − t)/T. Hessian for logits, for
            class indices: s^q (p (1 − p) − q (p − t)²)/T².

            Symbols: p predicted probabilities, softmax(z/T) of logits z; t the label after label_smoothing; q the option q; T
            temperature. class_weight multiplies ℓ.
            """,
        References =
        [
            new("Z. Zhang and M. R. Sabuncu, Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy Labels, 2018",
                "https://arxiv.org/abs/1805.07836"),
        ],
        Equivalents =
        [
            new("PyTorch", "((1 - logits.softmax(-1).gather(-1, labels[:, None]) ** 0.7) / 0.7).mean()"),
        ],
        Example = """
            {
              "logits": [[2.0, 1.0, 0.1], [0.3, 2.2, 0.4], [6.0, -1.0, 0.0]],
              "labels": [0, 1, 2],
              "q": 0.7,
              "outputs": ["loss", "losses", "gradient"]
            }
            """,
    };

    public override CategoricalFormula CreateFormula(OptionValues options, int classes) => new Power(options.Get(Exponent));

    private readonly struct OfTrue(double exponent) : ITrueClassTerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public (TNumber Value, TNumber Slope) At<TNumber>(TNumber logP, TNumber p, TNumber _)
            where TNumber : struct, IArithmetic<TNumber>
        {
            var rest = TNumber.Expm1(TNumber.Of(exponent) * logP, out var power);
            return (-rest / TNumber.Of(exponent), power);
        }
    }

    /// <remarks>
    /// Everything is computed from log s, which is accurate both where s → 1 and where s underflows. The value is
    /// −expm1(q·log s)/q and the derivative ∂L/∂p_c = −s^(q−1)·t_c. Where p_c is too small for that derivative, it is
    /// ∂L/∂log p_c = −s^q·(t_c p_c/s), with the share of class c in s.
    /// </remarks>
    private sealed class Power(double q) : CategoricalFormula
    {
        /// <summary>Below this s, some p_c that matter have lost digits to underflow.</summary>
        private const double MinSum = 1e-250;

        private readonly Dd _q = new(q);

        public override bool NeedsSurplus => true;

        public override TrueClassFormula OfTrueClass { get; } = new TrueClassFormula<OfTrue>(new(q));

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override Dd Score(in CategoricalRow<Dd> row)
        {
            var logS = GetLogS(row);
            if (Dd.Exp(logS).ToScalar() > MinSum || !double.IsFinite(logS.ToScalar())) WritePDerivatives(row, logS);
            else WriteLogPDerivatives(row, logS);
            return -Dd.Expm1(_q * logS) / _q;
        }

        /// <remarks>
        /// With the share σ_c = t_c p_c/s, ∂L/∂log p_c = −s^q·σ_c, and the second derivatives by log p_c and log p_d are
        /// −s^q·σ_c·δ_cd + (1 − q)·s^q·σ_c·σ_d, so that κ = (1 − q)·s^−q.
        /// </remarks>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override Dd Curve(in CategoricalRow<Dd> row, in CurvatureRow curvature)
        {
            row.LogPDerivative.Hi.CopyTo(curvature.LogP.Hi);
            row.LogPDerivative.Lo.CopyTo(curvature.LogP.Lo);
            curvature.Scaled.Clear();
            curvature.P.Clear();
            return q == 1 ? Dd.Zero : (Dd.One - _q) * Dd.Exp(-_q * GetLogS(row));
        }

        private static Dd GetLogS(in CategoricalRow<Dd> row) => row.Hard >= 0 ? row.LogP.Broadcast(row.Hard) : LogOfMean(row);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void WritePDerivatives(in CategoricalRow<Dd> row, Dd logS)
        {
            // 0·−∞ in the exponent where q = 1 and s = 0
            var power = q == 1 ? Dd.One : Dd.Exp((_q - Dd.One) * logS);
            for (var c = 0; c < row.P.Length; c += Lanes.Width)
            {
                var t = row.T[c];
                row.LogPDerivative.Store(c, Dd.Zero);
                row.PDerivative.Store(c, Dd.Select(t.IsZero, Dd.Zero, -power * t));
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void WriteLogPDerivatives(in CategoricalRow<Dd> row, Dd logS)
        {
            var power = Dd.Exp(_q * logS);
            var atZero = q == 1 ? Dd.One : Dd.Exp((_q - Dd.One) * logS);
            for (var c = 0; c < row.P.Length; c += Lanes.Width)
            {
                var (t, logP) = (row.T[c], row.LogP[c]);
                var counts = ~t.IsZero;
                row.LogPDerivative.Store(c, Dd.Select(counts & logP.IsFinite, -power * t * Dd.Exp(logP - logS), Dd.Zero));
                // a share of 0 tells nothing of the derivative on a posted probability of 0
                row.PDerivative.Store(c, Dd.Select(counts & ~logP.IsFinite, -atZero * t, Dd.Zero));
            }
        }

        /// <summary>log s of a row that is not one-hot: from 1 − s where that is smaller, by logarithms where s underflows.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static Dd LogOfMean(in CategoricalRow<Dd> row)
        {
            var (s, rest) = (Dd.Zero, Dd.Zero);
            for (var c = 0; c < row.P.Length; c += Lanes.Width)
            {
                s += row.T[c] * row.P[c];
                rest += row.T[c] * row.Q[c];
            }
            s = Dd.SumOfLanes(s);
            rest = Dd.SumOfLanes(rest) - row.Surplus;
            if (rest.ToScalar() < 0.5) return Dd.Log1p(-rest);
            return s.ToScalar() > MinSum ? Dd.Log(s) : LogSumExp(row);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static Dd LogSumExp(in CategoricalRow<Dd> row)
        {
            var largest = new Dd(double.NegativeInfinity);
            for (var c = 0; c < row.Classes; c++)
                if (row.T.Hi[c] != 0) largest = Dd.Max(largest, row.LogP.Broadcast(c));
            if (double.IsNegativeInfinity(largest.ToScalar())) return largest;

            var sum = Dd.Zero;
            for (var c = 0; c < row.P.Length; c += Lanes.Width)
                sum += Dd.Select(row.T[c].IsZero, Dd.Zero, row.T[c] * Dd.Exp(row.LogP[c] - largest));
            return largest + Dd.Log(Dd.SumOfLanes(sum));
        }
    }
}
