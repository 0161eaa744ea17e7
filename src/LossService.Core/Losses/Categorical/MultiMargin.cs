using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Engine;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Categorical;

/// <summary>L = Σ_{c≠y} max(0, margin − z_y + z_c)^p / K.</summary>
internal sealed partial class MultiMargin : CategoricalLoss
{
    public static readonly Option<int> Power = new("p", OptionForm.Integer, 1,
        "p: power of each margin violation, 1 or 2.")
    { Minimum = 1, Maximum = 2 };

    public override string Name => "multi_margin";

    public override LabelRule Labels => LabelRule.Class;

    public override IReadOnlyList<PredictionForm> Accepts { get; } = [PredictionForm.Logits];

    public override IReadOnlyList<Option> Options { get; } =
    [
        Power, SharedOptions.Margin, SharedOptions.ClassWeight, SharedOptions.IgnoreIndex, SharedOptions.ClassAxis,
        SharedOptions.TopK, SharedOptions.Bins, SharedOptions.PerClass, SharedOptions.ConfusionMatrix, SharedOptions.ClassWiseCalibration,
        SharedOptions.EqualMassCalibration,
    ];

    public override LossPage Page { get; } = new()
    {
        Title = "Multi-class margin (Weston–Watkins)",
        Summary = "Multi-class margin loss: the margin violation of each wrong class, to the power p, summed and divided by the number of "
            + "classes.",
        Formula = @"\ell = \frac{1}{K} \sum_{c \ne y} \max(0,\; m - z_y + z_c)^p",
        WhenToUse = """
            Use it for support vector machines of many classes when every wrong class inside the margin should have a gradient, not
            only the strongest; multiclass_hinge has the latter. With p = 2 it is differentiable everywhere. It yields no
            probabilities; use cross_entropy where they are needed. PyTorch divides a weighted batch by the number of samples, which
            is mean_over = samples here.

            Range: 0 to ∞, in units of logits (p = 1) or their square. Gradient with respect to logits: with v_c = max(0, m − z_y +
            z_c), p v_c^(p−1)/K for each wrong class with v_c above 0, and minus the sum of these for the label; 0 at the kink. It
            has no hessian: with p = 1 it is linear between its kinks.

            Symbols: z logits; y the label; K the number of classes; m margin; p the option p. Labels are class indices or one-hot
            rows. class_weight multiplies ℓ.
            """,
        References =
        [
            new("J. Weston and C. Watkins, Support Vector Machines for Multi-Class Pattern Recognition, ESANN 1999",
                "https://www.esann.org/sites/default/files/proceedings/legacy/es1999-461.pdf"),
        ],
        Equivalents =
        [
            new("PyTorch", "torch.nn.functional.multi_margin_loss(logits, labels, p=1, margin=1.0)"),
        ],
        Example = """
            {
              "logits": [[3.0, 1.0, 2.5], [0.25, 1.0, 0.5], [0.0, 2.0, -1.0]],
              "labels": [0, 1, 2],
              "p": 2,
              "margin": 1,
              "outputs": ["loss", "losses", "gradient", "predictions"]
            }
            """,
    };

    public override CategoricalFormula CreateFormula(OptionValues options, int classes) =>
        new Margins(options.Get(Power), options.Get(SharedOptions.Margin), classes);

    private sealed partial class Margins(int power, double margin, int classes) : CategoricalFormula
    {
        /// <summary>Below this part of what it is computed from, a violation lacks digits in plain double.</summary>
        private const double LeastPart = 1.0 / (1 << 26);

        public override bool IsOnLogits => true;

        public override bool IsGeneric => true;

        public override Dd Score(in CategoricalRow<Dd> row) => Sum(row, out _);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override PlainScore Score(in CategoricalRow<PlainDouble> row, in PlainSoftmax softmax)
        {
            var value = Sum(row, out var size);
            return new(new(value.Round()), size, 0, 0);
        }

        public override bool IsWide => true;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override WideScore Score(in CategoricalRow<Dd> row, in WideSoftmax softmax)
        {
            var (sum, push, isLost) = (default(WideSum), default(WideSum), false);
            var done = Lanes.HasMost ? AddUp<WideEight>(row, 0, ref sum, ref push, ref isLost) : 0;
            AddUp<WideDouble>(row, done, ref sum, ref push, ref isLost);
            row.LogPDerivative.SetOne(row.Hard, -push.Total);
            var value = isLost ? new(double.NaN) : sum.Total / new Dd(classes);
            return new(value, 0, Dd.Zero, Dd.Zero, 0);
        }

        /// <summary>Scores the classes from <paramref name="start"/> on, as far as there are whole vectors.</summary>
        /// <returns>The first class that is left.</returns>
        /// <remarks>A difference of two logits is exact here, and a violation has all its digits unless it is a tie.</remarks>
        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private int AddUp<TNumber>(in CategoricalRow<Dd> row, int start, ref WideSum sum, ref WideSum push, ref bool isLost)
            where TNumber : struct, IWideNumbers<TNumber>
        {
            ref var z = ref MemoryMarshal.GetReference(row.Z);
            var (y, lost, c) = (row.Hard, TNumber.Zero, start);
            var (label, least, infinity) = (TNumber.Of(row.Z[y]), TNumber.Of(margin), TNumber.Of(double.PositiveInfinity));
            var slope = TNumber.One / TNumber.Of(classes);
            for (; c <= row.Z.Length - TNumber.Count; c += TNumber.Count)
            {
                var difference = TNumber.Load(ref Unsafe.Add(ref z, c)) - label;
                var lack = difference + least;
                // NaN where the label and the class are at −∞
                var isRival = TNumber.LessThan(TNumber.Zero, lack);
                // of one double and the margin, a sum is exact
                var isTie = TNumber.IsLost(lack, TNumber.Abs(difference) + least, IWideNumbers<TNumber>.NarrowPart)
                    & ~difference.IsDouble;
                isTie |= isRival & ~TNumber.LessThan(lack, infinity);
                if ((uint)(y - c) < (uint)TNumber.Count)
                {
                    var isOther = ~TNumber.LaneIs(y - c);
                    isRival &= isOther;
                    isTie &= isOther;
                }
                lost |= isTie;
                lack = TNumber.Select(isRival, lack, TNumber.Zero);
                var derivative = power == 1 ? TNumber.Select(isRival, slope, TNumber.Zero) : (lack + lack) * slope;
                sum.Add(c, power == 1 ? lack : TNumber.Square(lack));
                push.Add(c, derivative);
                row.LogPDerivative.Store(c, derivative);
            }
            isLost |= TNumber.GetBits(lost) != 0;
            return c;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private TNumber Sum<TNumber>(in CategoricalRow<TNumber> row, out double size) where TNumber : struct, IFourNumbers<TNumber>
        {
            var y = row.Hard;
            // a difference of logits may overflow where a class's share of it does not
            var unit = Vector256.Create(typeof(TNumber) == typeof(Dd) && row.DifferencesMayOverflow() ? 0.25 : 1);
            var derivativeUnit = power == 1 ? Vector256<double>.One : unit;
            var share = TNumber.Of(Vector256.Create((double)classes) * derivativeUnit);
            var label = Vector256.Create(row.Z[y]) * unit;
            var least = TNumber.Of(Vector256.Create(margin) * unit);
            var slope = TNumber.One / share;
            var (value, push) = (TNumber.Zero, TNumber.Zero);
            var (sizes, lost) = (Vector256<double>.Zero, Vector256<double>.Zero);
            for (var c = 0; c < row.LogPDerivative.Length; c += Lanes.Width)
            {
                var difference = Dd.Difference(Vector256.LoadUnsafe(ref row.Z[c]) * unit, label);
                var lack = TNumber.Of(difference.Hi, difference.Lo) + least;
                var isOther = ~Lanes.LaneIs(y - c);
                // a class at −∞ violates no margin, not even that of a label at −∞; the label is not compared with itself
                var isRival = Vector256.GreaterThan(lack.Round(), Vector256<double>.Zero) & isOther;
                var own = Vector256.Abs(difference.Hi) + least.Round();
                // a difference that is one double, and nearly minus the margin, has an exact sum with it: of 16 bits, many are ties
                var isRounded = ~Vector256.Equals(difference.Lo, Vector256<double>.Zero);
                lost |= ((Vector256.LessThan(Vector256.Abs(lack.Round()), own * Vector256.Create(LeastPart)) & isRounded)
                    | Vector256.Equals(difference.Hi, Vector256.Create(double.PositiveInfinity))) & isOther;
                lack = TNumber.Select(isRival, lack, TNumber.Zero);
                var derivative = power == 1 ? TNumber.Select(isRival, slope, TNumber.Zero) : (lack + lack) / share;
                value += power == 1 ? lack : TNumber.Square(lack);
                sizes += (power == 1 ? Vector256<double>.One : lack.Round() + lack.Round()) * own & isRival;
                push += derivative;
                row.LogPDerivative.Store(c, derivative);
            }
            row.LogPDerivative.SetOne(y, -NumberRow<TNumber>.SumOfLanes(push));
            var all = TNumber.Of(classes) * TNumber.Of(unit * derivativeUnit);
            size = lost.AsInt64() == Vector256<long>.Zero ? Vector256.Sum(sizes) / classes : double.PositiveInfinity;
            return NumberRow<TNumber>.SumOfLanes(value) / all;
        }
    }
}
