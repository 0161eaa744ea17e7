using LossService.Core.Engine;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Categorical;

/// <summary>L = −Σ_c t_c log p_c + ε(1 − Σ_c t_c p_c); a class weight multiplies both parts of its class.</summary>
internal sealed class PolyCrossEntropy : CategoricalLoss
{
    public static readonly Option<double> Epsilon = new("epsilon", OptionForm.Number, 2,
        "ε: what is added to the first coefficient of cross-entropy's series in 1 − p; 0 = cross-entropy.")
    { Minimum = -1 };

    public override string Name => "poly_cross_entropy";

    public override ClassWeighting ClassWeighting => ClassWeighting.PerTerm;

    public override IReadOnlyList<Option> Options { get; } = WithShared(Epsilon);

    public override LossPage Page { get; } = new()
    {
        Title = "Poly-1 cross-entropy",
        Summary = "Cross-entropy with the first term of its Taylor series in 1 − p turned up or down.",
        Formula = @"\ell = \sum_c w_c\, t_c \left[ -\log p_c + \varepsilon\, (1 - p_c) \right]",
        WhenToUse = """
            A one-number improvement on cross-entropy: −log p = (1 − p) + (1 − p)²/2 + …, and ε changes the weight of the first
            term from 1 to 1 + ε. Above 0 it pushes confident answers further, which suits balanced data; below 0, down to −1,
            it holds them back, which suits data with few samples in most classes.
            """,
        References =
        [
            new("Z. Leng et al., PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions, 2022", "https://arxiv.org/abs/2204.12511"),
        ],
        Equivalents =
        [
            new("Optax", "optax.poly_loss_cross_entropy(logits, labels, epsilon=2.0).mean()"),
        ],
        Example = """
            {
              "logits": [[2.0, 1.0, 0.1], [0.3, 2.2, 0.4]],
              "labels": [0, 2],
              "epsilon": 2,
              "outputs": ["loss", "losses", "gradient"]
            }
            """,
    };

    public override CategoricalFormula CreateFormula(OptionValues options, int classes) => new Polynomial(options.Get(Epsilon));

    /// <summary>Σ_c w_c t_c (−log p_c + ε(1 − p_c)), and ε times what a dense label's rounding left of 1 − Σt.</summary>
    private sealed class Polynomial(double epsilon) : CategoricalFormula
    {
        private readonly Dd _epsilon = new(epsilon);
        private readonly SumOverClasses<Term> _terms = new(new(epsilon));

        public override Dd Score(in CategoricalRow row) => _terms.Score(row) - _epsilon * row.Surplus;
    }

    /// <remarks>
    /// −log p = (1 − p) + D(1‖p), where D has the terms from the second on: so ε = −1, which takes the first away, cancels
    /// nothing. The derivative on log p is likewise −(1 + εp) = −((1 − p) + (1 + ε)p).
    /// </remarks>
    private readonly struct Term(double epsilon) : IClassTerm
    {
        private readonly Dd _first = Dd.One + new Dd(epsilon);

        public ClassResult At(in EightClasses c)
        {
            var t = c.T * c.W;
            var value = RelativeEntropy.Term(Dd.One, Dd.Zero, c.P, c.LogP, -c.Q) + _first * c.Q;
            return new(Dd.Select(t.IsZero, Dd.Zero, t * value), -t * (c.Q + _first * c.P), Dd.Zero);
        }
    }
}
