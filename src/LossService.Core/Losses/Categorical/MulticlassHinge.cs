using System.Runtime.CompilerServices;
using LossService.Core.Engine;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Categorical;

/// <summary>L = max(0, margin + max_{c≠y} z_c − z_y).</summary>
internal sealed partial class MulticlassHinge : CategoricalLoss
{
    public override string Name => "multiclass_hinge";

    public override LabelRule Labels => LabelRule.Class;

    public override IReadOnlyList<PredictionForm> Accepts { get; } = [PredictionForm.Logits];

    public override IReadOnlyList<Option> Options { get; } =
    [
        SharedOptions.Margin, SharedOptions.ClassWeight, SharedOptions.IgnoreIndex, SharedOptions.ClassAxis, SharedOptions.TopK,
        SharedOptions.Bins, SharedOptions.PerClass, SharedOptions.ConfusionMatrix, SharedOptions.ClassWiseCalibration,
        SharedOptions.EqualMassCalibration,
    ];

    public override LossPage Page { get; } = new()
    {
        Title = "Multiclass hinge (Crammer–Singer)",
        Summary = "Multiclass hinge: the margin violation of the strongest wrong class; 0 where the label leads every other class by the "
            + "margin.",
        Formula = @"\ell = \max\Bigl(0,\; m + \max_{c \ne y} z_c - z_y\Bigr)",
        WhenToUse = """
            Use it for support vector machines of many classes when only the predicted class matters. It compares the label with the
            strongest wrong class alone; multi_margin compares it with every wrong class. Some libraries call both losses "hinge" or
            "margin". It yields no probabilities; use cross_entropy where they are needed.

            Range: 0 to ∞, in units of logits. Gradient with respect to logits, where ℓ is above 0: +1 for the strongest wrong class
            (the first of equal ones) and −1 for the label; 0 elsewhere and at the kink. It has no hessian: it is linear between its
            kinks.

            Symbols: z logits; y the label; m margin. Labels are class indices or one-hot rows. class_weight multiplies ℓ.
            """,
        References =
        [
            new("K. Crammer and Y. Singer, On the Algorithmic Implementation of Multiclass Kernel-based Vector Machines, JMLR, 2001",
                "https://www.jmlr.org/papers/v2/crammer01a.html"),
        ],
        Equivalents =
        [
            new("scikit-learn", "sklearn.metrics.hinge_loss(labels, logits)"),
            new("Optax", "optax.multiclass_hinge_loss(logits, labels).mean()"),
        ],
        Example = """
            {
              "logits": [[3.0, 1.0, 0.5], [0.25, 1.0, 0.5], [0.0, 2.0, -1.0]],
              "labels": [0, 1, 2],
              "margin": 1,
              "outputs": ["loss", "losses", "gradient", "predictions"]
            }
            """,
    };

    public override CategoricalFormula CreateFormula(OptionValues options, int classes) => new Margin(options.Get(SharedOptions.Margin));

    private sealed partial class Margin(double margin) : CategoricalFormula
    {
        private readonly Dd _margin = new(margin);

        public override bool IsOnLogits => true;

        public override bool IsGeneric => true;

        public override Dd Score(in CategoricalRow<Dd> row) => Find(row);

        /// <remarks>A difference of two logits and the margin has all its digits as a double-double.</remarks>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override PlainScore Score(in CategoricalRow<PlainDouble> row, in PlainSoftmax softmax)
        {
            var value = Find(row);
            return new(value, value.ToScalar(), 0, 0);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private Dd Find<TNumber>(in CategoricalRow<TNumber> row) where TNumber : struct, IFourNumbers<TNumber>
        {
            row.LogPDerivative.Clear();
            var z = row.Z;
            var y = row.Hard;
            var rival = -1;
            for (var c = 0; c < row.Classes; c++)
                if (c != y && (rival < 0 || z[c] > z[rival])) rival = c;
            if (rival < 0) return Dd.Zero;

            var lack = Dd.Max(new Dd(z[rival]) - new Dd(z[y]) + _margin, Dd.Zero);
            if (lack.ToScalar() == 0) return Dd.Zero;
            row.LogPDerivative.SetOne(rival, TNumber.One);
            row.LogPDerivative.SetOne(y, -TNumber.One);
            return lack;
        }
    }
}
