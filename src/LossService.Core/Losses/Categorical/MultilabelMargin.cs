using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Engine;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Categorical;

/// <summary>L = Σ_{y true, c not} max(0, margin − z_y + z_c) / K.</summary>
internal sealed class MultilabelMargin : CategoricalLoss
{
    public override string Name => "multilabel_margin";

    public override LabelRule Labels => LabelRule.Classes;

    public override IReadOnlyList<PredictionForm> Accepts { get; } = [PredictionForm.Logits];

    public override IReadOnlyList<Option> Options { get; } =
        [SharedOptions.Margin, SharedOptions.ClassWeight, SharedOptions.IgnoreIndex, SharedOptions.ClassAxis];

    public override LossPage Page { get; } = new()
    {
        Title = "Multi-label margin",
        Summary = "Multi-label margin loss: the margin violation of each pair of a true and a wrong class, summed and divided by the "
            + "number of classes.",
        Formula = @"\ell = \frac{1}{K} \sum_{y \in Y} \sum_{c \notin Y} \max(0,\; m - z_y + z_c)",
        WhenToUse = """
            Use it where several classes of a row are true (tags of an image, topics of a text) and the true ones should rank above all
            others: it compares logits within a row and knows no threshold. Use binary_cross_entropy where each class needs a
            probability or a decision of its own, asymmetric where hundreds of classes are wrong, and list_mle where true classes have
            grades. With one true class it is multi_margin with p = 1. The number of pairs grows with the number of true classes, so
            rows with many of them weigh more. A row without a true class, or with all of them true, has no pair: its loss is 0.

            Range: 0 to ∞, in units of logits. Gradient with respect to logits: for a wrong class, the number of true classes that it
            violates the margin of, divided by K; for a true class, minus the number of wrong classes that violate its margin, divided
            by K. At the kink, where z_y leads z_c by exactly m, a pair counts as no violation. A class of logit −∞ violates no margin;
            a true class of logit −∞ beside a wrong one that is not makes the loss ∞. It has no hessian, as it is linear between its
            kinks, and no metrics, which are of one true class: binary_cross_entropy has them for each class.

            Symbols: z logits; Y the true classes; K the number of classes; m margin. Labels are rows of 0 and 1 (or false and true) in
            the shape of the logits, where PyTorch has rows of class indices that end at −1; or class indices, where one class is true.
            class_weight multiplies ℓ by the mean weight of the true classes, or of all classes where none is true.
            """,
        References =
        [
            new("A. Elisseeff and J. Weston, A Kernel Method for Multi-Labelled Classification, NIPS 2001",
                "https://papers.nips.cc/paper/1964-a-kernel-method-for-multi-labelled-classification"),
            new("Documentation of PyTorch, MultiLabelMarginLoss, 2024",
                "https://pytorch.org/docs/stable/generated/torch.nn.MultiLabelMarginLoss.html"),
        ],
        Equivalents =
        [
            new("PyTorch", "torch.nn.functional.multilabel_margin_loss(logits, indices)  # each row the true classes, then -1"),
        ],
        Example = """
            {
              "logits": [[2.0, 1.5, -1.0, 0.5], [0.25, -0.5, 1.0, -2.0]],
              "labels": [[1, 0, 0, 1], [0, 0, 1, 0]],
              "margin": 1,
              "outputs": ["loss", "losses", "gradient"]
            }
            """,
    };

    public override CategoricalFormula CreateFormula(OptionValues options, int classes) =>
        new Pairs(options.Get(SharedOptions.Margin), classes);

    /// <remarks>
    /// The true classes are sorted by their logits a_1 ≤ a_2 ≤ …. A wrong class of logit z violates the margins of the first n of
    /// them, and costs n·(z − a_1 + m) − Σ_{i≤n} (a_i − a_1), which is at least z − a_1 + m. So the work grows with K·log K, not with
    /// the number of pairs.
    /// </remarks>
    private sealed class Pairs(double margin, int classes) : CategoricalFormula
    {
        // differences of logits, and their sum over all pairs, stay within the range of a double
        private const double Shrunk = 1.0 / (1L << 62) / 4;

        public override bool IsOnLogits => true;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override Dd Score(in CategoricalRow<Dd> row)
        {
            row.LogPDerivative.Clear();
            var unit = row.DifferencesMayOverflow() ? Shrunk : 1;
            // what describes the predictions has been written, so that these parts are free
            var sorted = row.P.Hi;
            var sums = row.Q;
            var violations = row.PDerivative.Hi;
            var labels = MemoryMarshal.Cast<double, int>(row.Size);
            var count = SortTrue(row, unit, sorted, labels);
            if (count == 0) return Dd.Zero;
            violations[..count].Clear();
            AddUp(sorted[..count], sums);

            var value = Dd.Zero;
            var (lowest, least) = (Vector256.Create(sorted[0]), Vector256.Create(-margin * unit));
            for (var c = 0; c < row.Z.Length; c += Lanes.Width)
            {
                var z = Vector256.LoadUnsafe(ref row.Z[c]) * unit;
                var isWrong = Vector256.Equals(Vector256.LoadUnsafe(ref row.T.Hi[c]), Vector256<double>.Zero)
                    & Vector256.GreaterThan(z, Vector256.Create(double.NegativeInfinity));
                // a difference that rounds to the margin may be above it
                var mayViolate = Vector256.GreaterThanOrEqual(z - lowest, least) & isWrong;
                for (var lanes = mayViolate.ExtractMostSignificantBits(); lanes != 0; lanes &= lanes - 1)
                {
                    var lane = BitOperations.TrailingZeroCount(lanes);
                    var violated = CountViolated(sorted[..count], z[lane], unit);
                    if (violated == 0) continue;
                    violations[violated - 1]++;
                    row.LogPDerivative.SetOne(c + lane, GetShare(violated));
                    value += Violate(z[lane], violated, sorted[0], sums, unit);
                }
            }
            var violators = 0.0;
            for (var i = count - 1; i >= 0; i--)
            {
                violators += violations[i];
                if (violators > 0) row.LogPDerivative.SetOne(labels[i], -GetShare(violators));
            }
            return value / new Dd(classes * unit);
        }

        private Dd GetShare(double violations) => new Dd(violations) / new Dd((double)classes);

        /// <summary>Writes the logits of the true classes, the least first, and which classes they are.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static int SortTrue(in CategoricalRow<Dd> row, double unit, Span<double> sorted, Span<int> labels)
        {
            var count = 0;
            for (var c = 0; c < row.Classes; c++)
                if (row.T.Hi[c] != 0) (sorted[count], labels[count++]) = (row.Z[c] * unit, c);
            sorted[..count].Sort(labels[..count]);
            return count;
        }

        /// <summary>Writes Σ_{i≤n} (a_i − a_1) for each n; meaningless from an infinite a on, where it is not read.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void AddUp(ReadOnlySpan<double> sorted, NumberRow<Dd> sums)
        {
            var (sum, first) = (Dd.Zero, Vector256.Create(sorted[0]));
            for (var i = 0; i < sorted.Length; i++)
            {
                sum += Dd.Difference(Vector256.Create(sorted[i]), first);
                sums.SetOne(i, sum);
            }
        }

        /// <summary>The number of true classes that a wrong class of logit z violates the margin of: the first so many.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private int CountViolated(ReadOnlySpan<double> sorted, double z, double unit)
        {
            var (low, high) = (0, sorted.Length);
            while (low < high)
            {
                var middle = (low + high) >>> 1;
                if (GetLack(z, sorted[middle], unit).ToScalar() > 0) low = middle + 1;
                else high = middle;
            }
            return low;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private Dd Violate(double z, int violated, double lowest, NumberRow<Dd> sums, double unit) =>
            double.IsInfinity(z) || double.IsInfinity(lowest)
                ? new(double.PositiveInfinity)
                : GetLack(z, lowest, unit) * Vector256.Create((double)violated) - sums.Broadcast(violated - 1);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private Dd GetLack(double z, double label, double unit) =>
            Dd.Difference(Vector256.Create(z), Vector256.Create(label)) + Vector256.Create(margin * unit);
    }
}
