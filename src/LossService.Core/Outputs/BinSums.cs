using System.Runtime.CompilerServices;
using LossService.Core.Numerics;

namespace LossService.Core.Outputs;

/// <summary>The sums of a bin, all exact.</summary>
internal sealed class BinSums
{
    /// <summary>The number of samples.</summary>
    public long Samples { get; set; }

    /// <summary>Σw.</summary>
    public ExactSum Weight { get; } = new();

    /// <summary>Σw·confidence.</summary>
    public ExactSum Confidence { get; } = new();

    /// <summary>Σw·outcome.</summary>
    public ExactSum Outcome { get; } = new();

    /// <summary>Counts a sample.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(double weight, double confidence, double outcome)
    {
        Samples++;
        Weight.Add(weight);
        Confidence.AddProduct(weight, confidence);
        Outcome.AddProduct(weight, outcome);
    }

    /// <summary>Adds the samples of another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(BinSums other)
    {
        Samples += other.Samples;
        Weight.Add(other.Weight);
        Confidence.Add(other.Confidence);
        Outcome.Add(other.Outcome);
    }

    /// <summary>Leaves no sample.</summary>
    public void Clear()
    {
        Samples = 0;
        Weight.Clear();
        Confidence.Clear();
        Outcome.Clear();
    }

    /// <summary>What the bin is from its sums.</summary>
    public CalibrationBin ToBin(double lower, double upper)
    {
        if (Samples == 0) return new(lower, upper, 0, 0, null, null);
        var weight = Weight.Round();
        return new(
            lower, upper, Samples, weight,
            weight == 0 ? null : Outcome.Round() / weight,
            weight == 0 ? null : Confidence.Round() / weight);
    }
}
