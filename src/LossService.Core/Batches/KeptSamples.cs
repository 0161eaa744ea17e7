using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Batches;

/// <summary>Which samples are kept, what each weighs, and what the reduced loss divides by.</summary>
internal sealed class KeptSamples
{
    private readonly double[]? _weights;
    private readonly Tensor? _mask;
    private readonly Func<long, bool>? _isIgnored;

    /// <summary>Goes once over masks, labels and weights; the predictions are not touched.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="count">The number of samples.</param>
    /// <param name="isIgnored">Whether a sample's label is ignored; null = none is.</param>
    /// <param name="classWeight">Σ_c class_weight_c·y_c of a sample, from the unsmoothed label; null = 1.</param>
    public KeptSamples(Batch batch, long count, Func<long, bool>? isIgnored, Func<long, double>? classWeight)
    {
        _mask = batch.Mask;
        _isIgnored = isIgnored;
        if (batch.SampleWeight is { } weights)
        {
            _weights = new double[count];
            weights.Read(0, _weights);
        }

        if (_mask is null && isIgnored is null && _weights is null && classWeight is null)
        {
            (Kept, Weight) = (count, count);
        }
        else
        {
            var sum = new ExactSum();
            for (long i = 0; i < count; i++)
            {
                if (!IsKept(i)) continue;
                Kept++;
                sum.AddProduct(this[i], classWeight?.Invoke(i) ?? 1);
            }
            Weight = sum.Round();
        }

        IsNothing = Kept == 0 || Weight == 0;
        Divisor = (batch.Reduction, batch.MeanOver) switch
        {
            (Reduction.Mean, MeanOver.Weight) => Weight,
            (Reduction.Mean, _) => Kept,
            _ => 1,
        };
    }

    /// <summary>The number of kept samples.</summary>
    public long Kept { get; }

    /// <summary>Σw over the kept samples, correctly rounded.</summary>
    public double Weight { get; }

    /// <summary>Nothing kept, or all of it weightless: the loss is null and the gradient 0.</summary>
    public bool IsNothing { get; }

    /// <summary>What Σwℓ is divided by.</summary>
    public double Divisor { get; }

    /// <summary>Whether every sample is kept and weighs 1.</summary>
    public bool ArePlain => _weights is null && _mask is null && _isIgnored is null;

    /// <summary>The sample weight.</summary>
    public double this[long sample] => _weights is null ? 1 : _weights[sample];

    /// <summary>Whether the sample counts: neither masked nor ignored.</summary>
    public bool IsKept(long sample) => (_mask is null || _mask.Integer(sample) != 0) && _isIgnored?.Invoke(sample) != true;

    /// <summary>The totals and the reduced loss of the given Σwℓ.</summary>
    public void Conclude(Scores scores, double loss, Batch batch)
    {
        scores.Totals = new(Kept, Weight, loss);
        if (batch.Wants(OutputSet.Loss) && !IsNothing) scores.Loss = loss / Divisor;
    }
}
