using LossService.Core.Engine;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Categorical;

/// <summary>L = max(0, margin + max_{c≠y} z_c − z_y).</summary>
internal sealed class MulticlassHinge : CategoricalLoss
{
    public override string Name => "multiclass_hinge";

    public override LabelRule Labels => LabelRule.Class;

    public override IReadOnlyList<PredictionForm> Accepts { get; } = [PredictionForm.Logits];

    public override IReadOnlyList<Option> Options { get; } =
    [
        SharedOptions.Margin, SharedOptions.ClassWeight, SharedOptions.IgnoreIndex, SharedOptions.TopK, SharedOptions.Bins,
    ];

    public override LossPage Page { get; } = new()
    {
        Title = "Multiclass hinge (Crammer–Singer)",
        Summary = "What the right class lacks to beat the best of the others by a margin.",
        Formula = @"\ell = \max\Bigl(0,\; m + \max_{c \ne y} z_c - z_y\Bigr)",
        WhenToUse = """
            The support vector machine of many classes, when only the winner matters: one rival at a time is pushed down, the
            strongest, and the label up by as much, so the gradient has at most two entries, +1 and −1 (the first of equal
            rivals; none at the kink). multi_margin pushes every rival inside the margin at once; libraries call both by
            the same names.
            """,
        References =
        [
            new("K. Crammer and Y. Singer, On the Algorithmic Implementation of Multiclass Kernel-based Vector Machines, JMLR, 2001", "https://www.jmlr.org/papers/v2/crammer01a.html"),
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

    private sealed class Margin(double margin) : CategoricalFormula
    {
        private readonly Dd _margin = new(margin);

        public override bool IsOnLogits => true;

        public override Dd Score(in CategoricalRow row)
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
            row.LogPDerivative.SetOne(rival, Dd.One);
            row.LogPDerivative.SetOne(y, -Dd.One);
            return lack;
        }
    }
}
