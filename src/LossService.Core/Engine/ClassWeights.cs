using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>The weights of the classes, and what they make of a label.</summary>
internal sealed class ClassWeights
{
    private readonly int _classes;

    /// <summary>Pads the weights of K classes.</summary>
    /// <param name="posted">The weights; null = all are 1.</param>
    /// <param name="classes">K.</param>
    public ClassWeights(double[]? posted, int classes)
    {
        _classes = classes;
        if (posted is null) return;
        // an empty batch may not say how many classes there are
        Padded = new double[Lanes.Padded(Math.Max(classes, posted.Length))];
        posted.CopyTo(Padded, 0);
    }

    /// <summary>Whether all weights are 1.</summary>
    public bool AreOne => Padded.Length == 0;

    /// <summary>w_c, padded with zeros; empty = all are 1.</summary>
    public double[] Padded { get; } = [];

    /// <summary>
    /// Σ_c w_c·y_c / Σ_c y_c: what rounding took from Σy takes nothing from a uniform weight; the mean of all w where no class is true.
    /// </summary>
    /// <param name="hard">The class of a one-hot row, or <see cref="TargetRows.Soft"/>.</param>
    /// <param name="y">The row, padded with zeros.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public double Of(int hard, ReadOnlySpan<double> y)
    {
        if (hard >= 0) return Padded[hard];
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
        return Dd.SumOfLanes(sum).ToScalar() / _classes;
    }
}
