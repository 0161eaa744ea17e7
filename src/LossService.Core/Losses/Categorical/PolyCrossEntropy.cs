using System.Runtime.CompilerServices;
using LossService.Core.Engine;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Categorical;

/// <summary>L = Σ_c w_c t_c (−log p_c + ε(1 − p_c)).</summary>
internal sealed class PolyCrossEntropy : CategoricalLoss
{
    public static readonly Option<double> Epsilon = new("epsilon", OptionForm.Number, 2,
        "ε: added to the first coefficient of cross-entropy's series in 1 − p; 0 gives cross-entropy.")
    { Minimum = -1, Maximum = SharedOptions.Largest };

    public override string Name => "poly_cross_entropy";

    public override bool HasSecondDerivative => true;

    public override ClassWeighting ClassWeighting => ClassWeighting.PerTerm;

    public override IReadOnlyList<Option> Options { get; } = WithShared(Epsilon);

    public override LossPage Page { get; } = new()
    {
        Title = "Poly-1 cross-entropy",
        Summary = "Poly-1 cross-entropy: cross-entropy plus ε·(1 − p), which changes the first coefficient of its series in 1 − p.",
        Formula = @"\ell = \sum_c w_c\, t_c \left[ -\log p_c + \varepsilon\, (1 - p_c) \right]",
        WhenToUse = """
            Use it to tune cross-entropy by one number: −log p = (1 − p) + (1 − p)²/2 + …, and ε changes the first coefficient from 1
            to 1 + ε. Values above 0 make predictions more confident, which suits balanced data; values from −1 to 0 make them less
            confident, which suits data with few samples in most classes. For ε other than 0 it is not a proper scoring rule.

            Range: 0 to ∞. It has no unit option, since 1 − p is not an amount of information; the logarithm is natural. Gradient
            with respect to logits, for class index y: w_y (1 + ε p_y)(p − t)/T. Hessian for logits, for class index y: w_y ((1 + ε
            p_y) p (1 − p) − ε p_y (p − t)²)/T².

            Symbols: p predicted probabilities, softmax(z/T) of logits z; t the label after label_smoothing; ε epsilon; w
            class_weight; T temperature.
            """,
        References =
        [
            new("Z. Leng et al., PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions, 2022",
                "https://arxiv.org/abs/2204.12511"),
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

    public override CategoricalFormula CreateFormula(OptionValues options, int classes) =>
        new Formula(options.Get(Epsilon));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (TNumber Value, TNumber Slope) Expand<TNumber>(TNumber logP, TNumber p, TNumber q, double epsilon)
        where TNumber : struct, IArithmetic<TNumber>
    {
        var factor = TNumber.Of(epsilon);
        return epsilon >= 0 ? (factor * q - logP, TNumber.One + factor * p) : ExpandRest(logP, p, q, epsilon);
    }

    /// <summary>The same for ε below 0.</summary>
    /// <remarks>
    /// −log p = (1 − p) + D(1‖p), where D holds the series from its second term on, so ε = −1 removes the first term without
    /// cancellation. The derivative on log p is likewise −(1 + εp) = −((1 − p) + (1 + ε)p).
    /// </remarks>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static (TNumber Value, TNumber Slope) ExpandRest<TNumber>(TNumber logP, TNumber p, TNumber q, double epsilon)
        where TNumber : struct, IArithmetic<TNumber>
    {
        var first = (Dd.One + new Dd(epsilon)).Spread<TNumber>();
        return (RelativeEntropy.Term(TNumber.One, TNumber.Zero, p, logP, -q) + first * q, q + first * p);
    }

    private sealed class Formula(double epsilon) : SumOverClasses<Term>(new(epsilon))
    {
        public override TrueClassFormula OfTrueClass { get; } = new TrueClassFormula<OfTrue>(new(epsilon));
    }

    private readonly struct OfTrue(double epsilon) : ITrueClassTerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public (TNumber Value, TNumber Slope) At<TNumber>(TNumber logP, TNumber p, TNumber q)
            where TNumber : struct, IArithmetic<TNumber> => Expand(logP, p, q, epsilon);
    }

    private readonly struct Term(double epsilon) : IClassTerm
    {
        public static bool ReadsWeight => true;

        public static bool HasPDerivative => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ClassResult<TNumber> At<TNumber>(in ClassVector<TNumber> c) where TNumber : struct, IArithmetic<TNumber>
        {
            var t = c.T * c.W;
            var (value, slope) = Expand(c.LogP, c.P, c.Q, epsilon);
            value = TNumber.Select(t.IsZero, TNumber.Zero, t * value);
            return new() { Value = value, LogPDerivative = -t * slope, Size = value };
        }

        public (Dd Scaled, Dd OfP) Curve(in ClassVector<Dd> c) => (c.T * c.W * new Dd(-epsilon), Dd.Zero);
    }
}
