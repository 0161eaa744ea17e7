using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Engine;

/// <summary>What is added to the logits of a row after their division by the temperature.</summary>
internal static class ClassBias
{
    /// <summary>b of each class, padded with zeros; empty = none.</summary>
    public static double[] Read(Batch batch)
    {
        if (batch.Options.Get(SharedOptions.LogitBias) is not { } bias) return [];
        var padded = new double[Lanes.Padded(bias.Length)];
        bias.CopyTo(padded, 0);
        return padded;
    }

    /// <summary>The class of the largest z/T + b, as far as doubles tell.</summary>
    public static int FindMax(ReadOnlySpan<double> z, double temperature, double[] bias)
    {
        var k = 0;
        // NaN where both logits are the same infinity
        for (var c = 1; c < z.Length; c++)
            if ((z[c] - z[k]) / temperature + (bias[c] - bias[k]) > 0) k = c;
        return k;
    }
}
