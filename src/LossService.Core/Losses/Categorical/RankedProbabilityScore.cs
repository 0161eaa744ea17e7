using System.Runtime.CompilerServices;
using LossService.Core.Engine;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Categorical;

/// <summary>L = Σ_{k&lt;K} (P_k − T_k)² with P_k = Σ_{c≤k} p_c and T_k = Σ_{c≤k} t_c.</summary>
internal sealed class RankedProbabilityScore : CategoricalLoss
{
    public override string Name => "ranked_probability_score";

    public override IReadOnlyList<Option> Options { get; } = WithShared();

    public override LossPage Page { get; } = new()
    {
        Title = "Ranked probability score",
        Summary = "Ranked probability score: squared distance between the cumulated probabilities and the cumulated label, for classes in "
            + "an order; from 0 to K − 1.",
        Formula = @"\ell = \sum_{k=1}^{K-1} (P_k - T_k)^2, \qquad P_k = \sum_{c \le k} p_c, \quad T_k = \sum_{c \le k} t_c",
        WhenToUse = """
            Use it where classes have an order, such as grades, stages of a disease, age groups or bins of rainfall: a prediction one
            class off costs less than one at the other end. It is a proper scoring rule. The order is that of the class axis. brier and
            cross_entropy do not know an order: prefer them where there is none. With K = 2 it is half of brier, and equals binary_brier.

            Range: 0 to K − 1; some authors divide it by K − 1. Gradient with respect to probabilities: g_c = 2 Σ_{k=c}^{K−1} (P_k − T_k);
            with respect to logits: p_c(g_c − Σ_j p_j g_j)/T. It has no hessian: the second derivative of a class is a sum over all
            thresholds k, not over classes.

            Symbols: p predicted probabilities, softmax(z/T) of logits z; t the label after label_smoothing; P_k and T_k their sums over
            classes up to k; K the number of classes; T temperature. class_weight multiplies ℓ.
            """,
        References =
        [
            new("E. S. Epstein, A Scoring System for Probability Forecasts of Ranked Categories, Journal of Applied Meteorology, 1969",
                "https://doi.org/10.1175/1520-0450(1969)008%3C0985:ASSFPF%3E2.0.CO;2"),
            new("T. Gneiting and A. E. Raftery, Strictly Proper Scoring Rules, Prediction, and Estimation, JASA, 2007",
                "https://doi.org/10.1198/016214506000001437"),
        ],
        Equivalents =
        [
            new("PyTorch", "((logits.softmax(-1) - torch.nn.functional.one_hot(labels)).cumsum(-1)[:, :-1] ** 2).sum(-1).mean()"),
        ],
        Example = """
            {
              "probabilities": [[0.75, 0.125, 0.125], [0.25, 0.5, 0.25], [0.125, 0.125, 0.75]],
              "labels": [0, 2, 0],
              "outputs": ["loss", "losses", "gradient", "metrics"]
            }
            """,
    };

    public override CategoricalFormula CreateFormula(OptionValues options, int classes) => new Cumulated();

    /// <remarks>
    /// D_k = P_k − T_k is a sum of differences p_c − t_c from the first class on, or the negated sum from the last one: whichever is of
    /// smaller numbers, so that a label at one end does not take the digits of the other.
    /// </remarks>
    private sealed class Cumulated : CategoricalFormula
    {
        public override bool NeedsSurplus => true;

        public override bool IsGeneric => true;

        public override PlainScore Score(in CategoricalRow<PlainDouble> row, in PlainSoftmax softmax) =>
            PlainCumulation.Score(row, softmax);

        public override bool HasColumns => true;

        public override bool HasColumnsOfTrueClass => true;

        public override void AddUpColumns(in ColumnBlock rows) => ColumnCumulation.AddUp(rows);

        public override void DifferentiateColumns(in ColumnBlock rows) => ColumnGradient.Write(rows);

        public override bool IsWide => true;

        public override WideScore Score(in CategoricalRow<Dd> row, in WideSoftmax softmax) => WideCumulation.Score(row, softmax);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override Dd Score(in CategoricalRow<Dd> row)
        {
            Subtract(row);
            Cumulate(row);
            if (row.SumsToOne) DifferentiateFromLargest(row);
            else Differentiate(row);
            var value = Dd.Zero;
            for (var k = 0; k < row.Classes - 1; k++) value += Dd.Square(row.LogPDerivative.Broadcast(k));
            row.LogPDerivative.Clear();
            return value;
        }

        /// <summary>p_c − t_c in the place of ∂L/∂p_c, with the magnitude of its parts.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Subtract(in CategoricalRow<Dd> row)
        {
            for (var c = 0; c < row.P.Length; c += Lanes.Width)
            {
                var four = row.Four(c, Dd.One);
                row.PDerivative.Store(c, four.Error);
                four.ErrorSize.StoreNearest(ref row.Size[c]);
            }
        }

        /// <summary>D_k in the place of ∂L/∂log p_k.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Cumulate(in CategoricalRow<Dd> row)
        {
            var (sum, size, last) = (Dd.Zero, 0.0, row.Classes - 1);
            for (var c = 0; c < last; c++)
            {
                (sum, size) = (sum + row.PDerivative.Broadcast(c), size + row.Size[c]);
                row.LogPDerivative.SetOne(c, sum);
            }
            if (!row.SumsToOne) return;
            // Σp − Σt
            (sum, var sizeAfter) = (row.Surplus, 0.0);
            for (var c = last; c > 0; c--)
            {
                (sum, sizeAfter) = (sum + row.PDerivative.Broadcast(c), sizeAfter + row.Size[c]);
                size -= row.Size[c - 1];
                if (sizeAfter < size + row.Size[c - 1]) row.LogPDerivative.SetOne(c - 1, -sum);
            }
        }

        /// <summary>∂L/∂p_c = 2·Σ_{k≥c} D_k.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Differentiate(in CategoricalRow<Dd> row)
        {
            var sum = Dd.Zero;
            row.PDerivative.Clear();
            for (var c = row.Classes - 2; c >= 0; c--)
            {
                var gap = row.LogPDerivative.Broadcast(c);
                sum += gap + gap;
                row.PDerivative.SetOne(c, sum);
            }
        }

        /// <summary>The same less that of the largest class, a constant that Σp = 1 makes nothing of.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void DifferentiateFromLargest(in CategoricalRow<Dd> row)
        {
            var largest = Ranking.FindMax(row.P.Hi[..row.Classes]);
            row.PDerivative.Clear();
            var sum = Dd.Zero;
            for (var c = largest - 1; c >= 0; c--)
            {
                var gap = row.LogPDerivative.Broadcast(c);
                sum += gap + gap;
                row.PDerivative.SetOne(c, sum);
            }
            sum = Dd.Zero;
            for (var c = largest + 1; c < row.Classes; c++)
            {
                var gap = row.LogPDerivative.Broadcast(c - 1);
                sum -= gap + gap;
                row.PDerivative.SetOne(c, sum);
            }
        }
    }
}
