using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>The weights of the classes, and what they make of a label.</summary>
/// <param name="posted">The weights; null = all are 1.</param>
/// <param name="classes">K.</param>
internal sealed class ClassWeights(double[]? posted, int classes)
{
    private double[]? _padded;

    /// <summary>Whether all weights are 1.</summary>
    public bool AreOne => Posted.Length == 0;

    /// <summary>w_c; empty = all are 1.</summary>
    public double[] Posted { get; } = posted ?? [];

    /// <summary>The same, padded with zeros. Copied when it is read: of many classes, that takes longer than to score indices.</summary>
    public double[] Padded => _padded ??= Pad();

    /// <summary>
    /// Σ_c w_c·y_c / Σ_c y_c: what rounding took from Σy takes nothing from a uniform weight; the mean of all w where no class is true.
    /// </summary>
    /// <param name="hard">The class of a one-hot row, or <see cref="TargetRows.Soft"/>.</param>
    /// <param name="y">The row, padded with zeros.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public double Of(int hard, ReadOnlySpan<double> y)
    {
        if (hard >= 0) return Posted[hard];
        var (sum, total) = (Dd.Zero, Dd.Zero);
        for (var c = 0; c < y.Length; c += Lanes.Width)
        {
            var label = new Dd(Vector256.Create(y[c..]));
            sum += label * Vector256.Create(Padded.AsSpan(c));
            total += label;
        }
        var labels = Dd.SumOfLanes(total).ToScalar();
        return labels == 0 ? GetMean() : Dd.SumOfLanes(sum).ToScalar() / labels;
    }

    private double GetMean()
    {
        var sum = Dd.Zero;
        for (var c = 0; c < Padded.Length; c += Lanes.Width) sum += Vector256.Create(Padded.AsSpan(c));
        return Dd.SumOfLanes(sum).ToScalar() / classes;
    }

    private double[] Pad()
    {
        // an empty batch may not say how many classes there are
        var padded = new double[AreOne ? 0 : Lanes.Padded(Math.Max(classes, Posted.Length))];
        Posted.CopyTo(padded, 0);
        return padded;
    }
}
