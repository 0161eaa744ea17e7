using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>
/// What the softmax kernel computes of a row: a loss of the true class alone, squared errors, or cross-entropy with any target.
/// </summary>
internal sealed record SoftmaxLoss
{
    /// <summary>A loss of the true class; null = cross-entropy, or squared errors.</summary>
    public TrueClassFormula? Formula { get; init; }

    /// <summary>What that multiplies the error of 1 − p_y by, where a loss may lack digits then; else 0.</summary>
    public double ErrorFactor { get; init; }

    /// <summary>Whether the value is Σ_c (p_c − t_c)²; each row has a true class then.</summary>
    public bool IsSquaredError { get; init; }

    /// <summary>T.</summary>
    public required double Temperature { get; init; }

    /// <summary>b of z/T + b, padded with zeros; empty = 0.</summary>
    public double[] Bias { get; init; } = [];

    /// <summary>
    /// What a difference of <see cref="SoftmaxScratch.Max"/>, <see cref="SoftmaxScratch.Label"/> and the like is divided by: with a bias,
    /// they are of z/T + b, else of z.
    /// </summary>
    public double Divisor => Bias.Length > 0 ? 1 : Temperature;

    /// <summary>α of t' = t(1 − α) + α/K; 0 with a formula and with squared errors.</summary>
    public required double Smoothing { get; init; }

    /// <summary>ζ: the loss has a term ζ·logsumexp(z/T)², times the class's weight.</summary>
    public double LogSumExpSquared { get; init; }

    /// <summary>Whether the entropy of a row's own target is subtracted.</summary>
    public bool SubtractsEntropy { get; init; }

    /// <summary>Whether a row's own target was computed in plain double, so that there are twice as many errors.</summary>
    public bool HasPlainTargets { get; init; }

    /// <summary>The weight of each class; empty = all are 1.</summary>
    public required double[] ClassWeight { get; init; }

    /// <summary>What nats are multiplied by for the unit.</summary>
    public required Dd Unit { get; init; }

    /// <summary>What the value is multiplied by: <see cref="Unit"/>, and T² where that is asked for.</summary>
    public required Dd Factor { get; init; }

    /// <summary>Whether <see cref="Factor"/> is not 1.</summary>
    public required bool IsScaled { get; init; }

    /// <summary>Whether logits and results are float64.</summary>
    public required bool IsFloat64 { get; init; }

    /// <summary>The part of what was subtracted that a difference must have, so that it has the digits of a result.</summary>
    public required double LeastPart { get; init; }
}
