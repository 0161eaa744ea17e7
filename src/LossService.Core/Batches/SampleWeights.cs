using System.Runtime.CompilerServices;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Batches;

/// <summary>The weight of each sample, their sum over the kept ones, and what the reduced loss divides by.</summary>
internal sealed class SampleWeights : IDisposable
{
    private const int Block = 64;

    private readonly WorkMemory? _weights;

    /// <summary>Reads masks, labels and weights once; not the predictions.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="count">The number of samples.</param>
    /// <param name="readClassWeights">
    /// Reads Σ_c class_weight_c·y_c / Σ_c y_c of kept samples that follow each other, from the unsmoothed labels; null = 1.
    /// </param>
    /// <param name="cancellation">Stops between samples.</param>
    public SampleWeights(Batch batch, long count, Action<long, Span<double>>? readClassWeights, CancellationToken cancellation)
    {
        Kept = new(batch, count);
        if (batch.SampleWeight is { } weights)
        {
            _weights = new(count, batch.Memory);
            SampleAxes.Read(weights, _weights.Span);
        }

        if (ArePlain && readClassWeights is null) (Count, Sum) = (count, count);
        else (Count, Sum) = Add(count, readClassWeights, cancellation);

        Divisor = (batch.Reduction, batch.MeanOver) switch
        {
            (Reduction.Mean, _) when batch.Divisor is { } divisor => divisor,
            (Reduction.Mean, MeanOver.Weight) => Sum,
            (Reduction.Mean, _) => Count,
            _ => 1,
        };
        IsNothing = Divisor == 0;
    }

    /// <summary>Which samples are kept.</summary>
    public KeptSamples Kept { get; }

    /// <summary>The number of kept samples.</summary>
    public long Count { get; }

    /// <summary>Σw over the kept samples, correctly rounded.</summary>
    public double Sum { get; }

    /// <summary>Whether the loss is a mean that divides by 0: then it is null, and the gradient 0.</summary>
    public bool IsNothing { get; }

    /// <summary>What Σwℓ is divided by.</summary>
    public double Divisor { get; }

    /// <summary>Whether every sample is kept and weighs 1.</summary>
    public bool ArePlain => _weights is null && Kept.AreAll;

    /// <summary>The sample weight.</summary>
    public double this[long sample] => _weights is null ? 1 : _weights.Span[(int)sample];

    /// <inheritdoc/>
    public void Dispose() => _weights?.Dispose();

    /// <summary>Reads the weights from one sample on.</summary>
    public void Read(long start, Span<double> weights)
    {
        if (_weights is null) weights.Fill(1);
        else _weights.Span.Slice((int)start, weights.Length).CopyTo(weights);
    }

    /// <summary>Writes the totals and the reduced loss.</summary>
    /// <param name="loss">Σwℓ over the kept samples.</param>
    /// <param name="scores">Receives them.</param>
    /// <param name="outputs">What is asked for.</param>
    public void Reduce(RoundedSum loss, Scores scores, OutputSet outputs)
    {
        scores.Totals = new(Count, Sum, loss.Value);
        if ((outputs & OutputSet.Loss) != 0 && !IsNothing) scores.Loss = loss.Divide(Divisor);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (long Count, double Sum) Add(long count, Action<long, Span<double>>? readClassWeights, CancellationToken cancellation)
    {
        var (sum, kept) = (new ExactSum(), 0L);
        Span<double> block = stackalloc double[Block];
        block.Fill(1);
        for (long first = 0, end; first < count; first = end)
        {
            cancellation.ThrowIfCancellationRequested();
            for (end = first; end < long.Min(first + Block, count) && Kept.Contains(end);) end++;
            if (end == first)
            {
                end++;
                continue;
            }
            var weights = block[..(int)(end - first)];
            readClassWeights?.Invoke(first, weights);
            if (_weights is null) sum.Add(weights);
            else for (var i = 0; i < weights.Length; i++) sum.AddProduct(this[first + i], weights[i]);
            kept += weights.Length;
        }
        return (kept, sum.Round());
    }
}
