using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Engine;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Categorical;

/// <summary>L = Σ_{i: r_i > min r} (log Σ_{j: r_j ≤ r_i} e^{z_j} − z_i).</summary>
internal sealed class ListMle : CategoricalLoss
{
    public override string Name => "list_mle";

    public override bool IsInformation => true;

    public override bool HasSecondDerivative => true;

    public override LabelRule Labels => LabelRule.Relevance;

    public override IReadOnlyList<PredictionForm> Accepts { get; } = [PredictionForm.Logits];

    public override IReadOnlyList<Option> Options { get; } = [SharedOptions.IgnoreIndex, SharedOptions.ClassAxis];

    public override LossPage Page { get; } = new()
    {
        Title = "ListMLE",
        Summary = "ListMLE: −log of the probability that the Plackett–Luce model of the scores gives to the order of a list by relevance, "
            + "in nats or bits.",
        Formula = @"\ell = \sum_{i:\, r_i > \min r} \Bigl( \log \sum_{j:\, r_j \le r_i} e^{z_j} - z_i \Bigr)",
        WhenToUse = """
            Use it to learn to rank: a row is a list (the documents of a query, the items of a page), a logit is an item's score, and a
            label is an item's relevance, of which only the order counts. The model draws the items of a list one after the other, each
            with the softmax of those that are left. Where one item of a list is relevant, it is cross_entropy, which is faster; where
            the size of relevances matters and not their order alone, use cross_entropy with their softmax as labels (ListNet). It
            counts every place of the list alike and is no measure of the top places, such as NDCG; for tags without an order use
            multilabel_margin or binary_cross_entropy. It is a sum over the items, so long lists weigh more.

            Ties: items of equal relevance have no order. Each of them is compared with all of its own level and below, as if none of
            its level had been drawn before (Breslow's form), and those of the lowest level, which are what is left, add nothing. So the
            loss does not depend on how a list is arranged, as it would if the index broke ties, nor on chance, as where they are
            shuffled. Without ties it is the ListMLE of the paper; with ties in the lowest level alone, as with a few relevant items
            among many others, it is the exact probability of what the relevances say; a list of equal relevances has the loss 0.

            Range: 0 to ∞. Gradient with respect to logits: Σ_i p_{j|i} over the items i above the lowest level with r_i ≥ r_j, less 1
            if j itself is above it, where p_{j|i} is the softmax of z over the items with r ≤ r_i. Hessian: Σ_i p_{j|i}(1 − p_{j|i})
            over the same i. An item of logit −∞ drops out of the list where its relevance is the lowest, which is how to fill up short
            lists; above it, the loss is ∞. mask leaves out whole lists. It has no metrics, which are of one true class.

            Symbols: z logits; r relevances, finite numbers of either sign (or booleans) in the shape of the logits. A class index as a
            label is a list whose one relevant item it is. It has no class_weight, as the places of a list are no classes; sample_weight
            multiplies ℓ.
            """,
        References =
        [
            new("F. Xia et al., Listwise Approach to Learning to Rank: Theory and Algorithm, ICML 2008",
                "https://doi.org/10.1145/1390156.1390306"),
            new("R. L. Plackett, The Analysis of Permutations, Applied Statistics, 1975", "https://doi.org/10.2307/2346567"),
            new("N. Breslow, Covariance Analysis of Censored Survival Data, Biometrics, 1974 (ties)", "https://doi.org/10.2307/2529620"),
        ],
        Equivalents =
        [
            new("PyTorch", "(s.flip(-1).logcumsumexp(-1).flip(-1) - s).sum(-1).mean()  # s: logits sorted by falling relevance, no ties"),
        ],
        Example = """
            {
              "logits": [[2.0, 1.0, 0.1, -1.0], [0.3, 2.2, 0.4, 0.0]],
              "labels": [[3, 1, 2, 0], [0, 1, 0, 0]],
              "outputs": ["loss", "losses", "gradient"]
            }
            """,
    };

    public override CategoricalFormula CreateFormula(OptionValues options, int classes) => new Likelihood();

    private sealed class Likelihood : CategoricalFormula
    {
        public override bool IsOnLogits => true;

        public override bool IsGeneric => true;

        public override Dd Score(in CategoricalRow<Dd> row) => Sum(row, out _);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override PlainScore Score(in CategoricalRow<PlainDouble> row, in PlainSoftmax softmax)
        {
            var value = Sum(row, out var isLost);
            return new(value, isLost ? double.PositiveInfinity : value.ToScalar(), 0, 0);
        }

        /// <remarks>
        /// Σ n·p(1 − p) over the levels. Where an item is the largest of those left, p may be near 1: n·R/(1 + R)² has no difference.
        /// Elsewhere p is below a half, and Σ n·p − Σ n·p² does not cancel.
        /// </remarks>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override Dd Curve(in CategoricalRow<Dd> row, in CurvatureRow curvature)
        {
            var list = new RankedList<Dd>(row);
            // the sums over the levels so far, those of a larger M alone, and Σ n·R/(1 + R)² over the others
            var (sum, squares, largerSum, largerSquares, own) = (Dd.Zero, Dd.Zero, Dd.Zero, Dd.Zero, Dd.Zero);
            for (var level = 0; level < list.Levels; level++)
            {
                if (level > 0 && list.FindDecay(level) is { } decay)
                {
                    (sum, squares) = (sum * decay, squares * Dd.Square(decay));
                    (largerSum, largerSquares, own) = (sum, squares, Dd.Zero);
                }
                var (start, end) = list.GetRange(level);
                if (level < list.Levels - 1)
                {
                    var (rest, count) = (list.GetRest(level), Vector256.Create((double)(end - start)));
                    var share = Dd.One / (Dd.One + rest);
                    sum += share * count;
                    squares += Dd.Square(share) * count;
                    own += rest * Dd.Square(share) * count;
                }
                for (var k = start; k < end; k++)
                {
                    var weight = list.Weights.Broadcast(k);
                    list.Weights.SetOne(k, list.Scores[k] == list.Maxima[k] && weight.ToScalar() == 1
                        ? largerSum - largerSquares + own
                        : weight * sum - Dd.Square(weight) * squares);
                }
            }
            list.Scatter(list.Weights, curvature.LogP);
            return Dd.Zero;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static Dd Sum<TNumber>(in CategoricalRow<TNumber> row, out bool isLost) where TNumber : struct, IFourNumbers<TNumber>
        {
            var list = new RankedList<TNumber>(row);
            var logs = Cumulate(list, row.LogPDerivative);
            var value = logs + Differentiate(list, row.LogPDerivative, out isLost);
            list.Scatter(list.Weights, row.LogPDerivative);
            return value;
        }

        /// <summary>
        /// Fills the number of items n, R, and B = Σ n·e^(M − M')/(1 + R') over the levels above, of each place's level; n and R are 0 for
        /// the lowest.
        /// </summary>
        /// <returns>Σ log(1 + R) over the items above the lowest level.</returns>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static Dd Cumulate<TNumber>(in RankedList<TNumber> list, NumberRow<TNumber> above)
            where TNumber : struct, IFourNumbers<TNumber>
        {
            var (logs, sum) = (Dd.Zero, Dd.Zero);
            for (var level = 0; level < list.Levels; level++)
            {
                if (level > 0 && list.FindDecay(level) is { } decay) sum *= decay;
                var (start, end) = list.GetRange(level);
                var isCounted = level < list.Levels - 1;
                var (rest, count) = isCounted ? (list.GetRest(level), end - start) : (TNumber.Zero, 0);
                Fill(above, start, end, TNumber.Of(sum.Hi, sum.Lo));
                Fill(list.Rests, start, end, rest);
                list.Counts[start..end].Fill(count);
                if (!isCounted) continue;
                var items = Vector256.Create((double)count);
                logs += RankedList<TNumber>.ToDd(TNumber.Log1p(rest)) * items;
                sum += new Dd(items) / (RankedList<TNumber>.ToDd(rest) + Vector256<double>.One);
            }
            Fill(above, list.Count, above.Length, TNumber.Zero);
            Fill(list.Rests, list.Count, above.Length, TNumber.Zero);
            list.Counts[list.Count..].Clear();
            return logs;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Fill<TNumber>(NumberRow<TNumber> row, int start, int end, TNumber value)
            where TNumber : struct, IFourNumbers<TNumber>
        {
            row.Hi[start..end].Fill(value.Round().ToScalar());
            if (TNumber.HasRest) row.Lo[start..end].Fill(value.Rest().ToScalar());
        }

        /// <summary>
        /// Writes the derivative w·B + (n·w − 1 − R)/(1 + R) of each place in the place of w = e^(z − M), whose 1 is exact for the largest;
        /// w·B for the lowest level.
        /// </summary>
        /// <returns>Σ (M − z) over the items above the lowest level.</returns>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static Dd Differentiate<TNumber>(in RankedList<TNumber> list, NumberRow<TNumber> above, out bool isLost)
            where TNumber : struct, IFourNumbers<TNumber>
        {
            var (gaps, lost) = (Dd.Zero, 0u);
            for (var k = 0; k < list.Scores.Length; k += Lanes.Width)
            {
                var (z, max) = (Vector256.LoadUnsafe(ref list.Scores[k]), Vector256.LoadUnsafe(ref list.Maxima[k]));
                var count = Vector256.LoadUnsafe(ref list.Counts[k]);
                var isCounted = Vector256.GreaterThan(count, Vector256<double>.Zero);
                var one = Vector256<double>.One & isCounted;
                var (weight, rest, sum) = (list.Weights[k], list.Rests[k], above[k]);
                var isLargest = Vector256.Equals(weight.Round(), Vector256<double>.One) & Vector256.Equals(z, max);
                var gap = Dd.Difference(max, z);
                // an item of −∞ among others of −∞
                gap = Dd.Select(Vector256.IsNaN(gap.Hi), new Dd(double.PositiveInfinity), gap);
                gaps += Dd.Select(isCounted & ~isLargest, gap, Dd.Zero);

                var (own, over) = (weight * TNumber.Of(count) - TNumber.Of(one), rest + TNumber.One);
                var fromAbove = weight * sum;
                var derivative = fromAbove + (own - rest) / over;
                var ownSize = Lanes.Select(isLargest, Vector256.Abs(own.Round()), weight.Round() * count + one) + rest.Round();
                lost |= TNumber.GetBits(TNumber.IsLost(derivative, TNumber.Of(fromAbove.Round() + ownSize / over.Round())));
                list.Weights.Store(k, derivative);
            }
            isLost = lost != 0;
            return Dd.SumOfLanes(gaps);
        }
    }
}
