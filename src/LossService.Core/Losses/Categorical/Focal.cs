using System.Runtime.CompilerServices;
using LossService.Core.Engine;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Losses.Categorical;

/// <summary>L = −Σ_c α_c w_c t_c (1 − p_c)^γ log p_c.</summary>
internal sealed class Focal : CategoricalLoss
{
    public static readonly Option<double> Gamma = new("gamma", OptionForm.Number, 2,
        "γ: focusing exponent. 0 gives cross-entropy; larger values reduce the loss of well-classified samples.")
    { Minimum = 0, Maximum = SharedOptions.LargestExponent };

    public static readonly Option<double[]?> Alpha = new("alpha", OptionForm.NumberOrPerClass, null,
        "α: factor on the loss of a class; one number for all, or one per class [K]. Unlike class_weight, not part of the mean's divisor.")
    { Minimum = 0, Maximum = SharedOptions.Largest };

    public override string Name => "focal";

    public override bool IsInformation => true;

    public override bool HasSecondDerivative => true;

    public override ClassWeighting ClassWeighting => ClassWeighting.PerTerm;

    public override IReadOnlyList<Option> Options { get; } = WithShared(Gamma, Alpha);

    public override LossPage Page { get; } = new()
    {
        Title = "Focal loss",
        Summary = "Focal loss: cross-entropy with each term scaled by (1 − p)^γ, so well-classified samples count less.",
        Formula = @"\ell = -\sum_c \alpha_c\, w_c\, t_c\, (1 - p_c)^{\gamma} \log p_c",
        WhenToUse = """
            Use it when most samples are easy and their sum outweighs the few hard ones: object detection, rare classes. At γ = 2, a
            sample with p = 0.9 has 1 % of its cross-entropy, and one with p = 0.1 has 81 %. It is not a proper scoring rule for γ
            above 0: its predictions are usually less confident than those of cross_entropy, which often improves calibration but must
            be checked.

            Range: 0 to ∞, in nats or bits. Gradient with respect to logits, for class index y: α_y w_y (1 − p_y)^γ (1 − γ p_y log
            p_y/(1 − p_y)) (p − t)/T. It approaches that of weighted cross-entropy as p_y tends to 0. Hessian for logits, for class
            index y: (a p (1 − p) + b (p − t)²)/T², where a is the factor of p − t in the gradient, and b = α_y w_y γ p_y (1 −
            p_y)^(γ−1) (2 + log p_y − (γ − 1) p_y log p_y/(1 − p_y)). It is below 0 where ℓ is not convex.

            Symbols: p predicted probabilities, softmax(z/T) of logits z; t the label after label_smoothing; γ gamma; α alpha; w
            class_weight; T temperature. Both α and w multiply a class's term, but only w enters the mean's divisor.
            """,
        References =
        [
            new("T.-Y. Lin et al., Focal Loss for Dense Object Detection, 2017", "https://arxiv.org/abs/1708.02002"),
            new("J. Mukhoti et al., Calibrating Deep Neural Networks using Focal Loss, 2020", "https://arxiv.org/abs/2002.09437"),
        ],
        Equivalents =
        [
            new("Keras", "keras.losses.CategoricalFocalCrossentropy(alpha=1, gamma=2, from_logits=True)(labels, logits)"),
        ],
        Example = """
            {
              "logits": [[3.0, 0.5, -1.0], [0.2, 0.1, 0.4], [-2.0, 1.0, 0.5]],
              "labels": [0, 2, 0],
              "gamma": 2,
              "alpha": [0.25, 0.5, 0.25],
              "outputs": ["loss", "losses", "gradient"]
            }
            """,
    };

    public override CategoricalFormula CreateFormula(OptionValues options, int classes)
    {
        double[]? alpha = null;
        if (options.Get(Alpha) is { } posted)
        {
            alpha = new double[Lanes.Padded(classes)];
            if (posted.Length == 1) Array.Fill(alpha, posted[0]);
            else posted.CopyTo(alpha, 0);
        }
        return new Formula(options.Get(Gamma), alpha);
    }

    /// <remarks>
    /// With q = 1 − p, ∂/∂log p of −q^γ log p is −q^γ·(1 − γ·p·log p/q). The ratio p·log p/q tends to −1 as q → 0, so no
    /// q^(γ−1) is needed, which would be infinite there for γ below 1.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (TNumber Value, TNumber Slope) Focus<TNumber>(TNumber logP, TNumber p, TNumber q, double gamma)
        where TNumber : struct, IArithmetic<TNumber>
    {
        var scale = TNumber.Pow(q, gamma);
        var ratio = TNumber.Select(q.IsZero, -TNumber.One, TNumber.XLogY(p, logP) / q);
        return (-TNumber.XLogY(scale, logP), scale * (TNumber.One - ratio * TNumber.Of(gamma)));
    }

    /// <summary>Above this γ, rows with a large p are computed with more digits: an error of 1 − p becomes γ times as large.</summary>
    private const double MaxPlainGamma = 5;

    private sealed class Formula(double gamma, double[]? alpha) : SumOverClasses<Term>(new(gamma), alpha)
    {
        public override TrueClassFormula OfTrueClass { get; } = new TrueClassFormula<OfTrue>(new(gamma));

        public override double ErrorFactor => gamma > MaxPlainGamma ? gamma : 0;
    }

    private readonly struct OfTrue(double gamma) : ITrueClassTerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public (TNumber Value, TNumber Slope) At<TNumber>(TNumber logP, TNumber p, TNumber q)
            where TNumber : struct, IArithmetic<TNumber> => Focus(logP, p, q, gamma);
    }

    private readonly struct Term(double gamma) : IClassTerm
    {
        public static bool ReadsWeight => true;

        public static bool HasPDerivative => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ClassResult<TNumber> At<TNumber>(in ClassVector<TNumber> c) where TNumber : struct, IArithmetic<TNumber>
        {
            var weight = c.T * c.W;
            var (value, slope) = Focus(c.LogP, c.P, c.Q, gamma);
            value = TNumber.Select(weight.IsZero, TNumber.Zero, weight * value);
            slope = TNumber.Select(weight.IsZero, TNumber.Zero, -weight * slope);
            var result = new ClassResult<TNumber> { Value = value, LogPDerivative = slope, Size = value };
            if (!TNumber.HasRest || TNumber.HasAllDigits || gamma is 0 or 1 or 2) return result;
            // an error of (1 + |γ·log q|)·2⁻⁶², and |log q| ≤ p/q; where |γ·log q| is more than 745, the power is 0
            var exponent = TNumber.Min(c.P / c.Q * TNumber.Of(gamma), TNumber.Of(745));
            result.LogPSize = TNumber.Abs(slope) * (TNumber.One + exponent) * TNumber.Of(1 << 7);
            return result;
        }

        /// <remarks>∂²/∂(log p)² of −q^γ log p is γ·p·q^(γ−1)·(2 + log p − (γ − 1)·p·log p/q).</remarks>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public (Dd Scaled, Dd OfP) Curve(in ClassVector<Dd> c)
        {
            if (gamma == 0) return (Dd.Zero, Dd.Zero);
            var ratio = Dd.Select(c.Q.IsZero, -Dd.One, Dd.XLogY(c.P, c.LogP) / c.Q);
            var bend = new Dd(2.0) + c.LogP - (new Dd(gamma) - Dd.One) * ratio;
            var weight = c.T * c.W;
            bend *= weight * new Dd(gamma) * Dd.Pow(c.Q, gamma - 1);
            return (Dd.Select(weight.IsZero, Dd.Zero, bend), Dd.Zero);
        }
    }
}
