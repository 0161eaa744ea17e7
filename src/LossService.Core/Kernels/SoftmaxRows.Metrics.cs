using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;
using LossService.Core.Outputs;

namespace LossService.Core.Kernels;

/// <content>The metrics of rows with a true class.</content>
internal sealed unsafe partial class SoftmaxRows<TElement>
{
    /// <summary>Adds the rows of the block to the metrics, except for the declined ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void Tally(MetricsSum tally)
    {
        Span<double> confidences = stackalloc double[SoftmaxScratch.Rows], outcomes = stackalloc double[SoftmaxScratch.Rows];
        Span<double> surprises = stackalloc double[SoftmaxScratch.Rows];
        Span<int> ranks = stackalloc int[SoftmaxScratch.Rows];
        var (count, hits) = (0, 0);
        var confidence = Vector256<double>.Zero;
        for (var i = 0; i < _count; i++)
        {
            if (i % Lanes.Width == 0) confidence = (Dd.One / (Dd.One + new Dd(Vector256.Load(_scratch.Rest + i)))).Hi;
            if (IsDeclined(i)) continue;
            var index = _scratch.Index[i];
            var before = ClassRank.CountBefore(_predictions + index * _classes, _classes, _scratch.Class[i]);
            var (weight, own) = (_samples[index], confidence[i % Lanes.Width]);
            if (weight == 1)
            {
                hits += before == 0 ? 1 : 0;
                (surprises[count], ranks[count]) = (_scratch.Surprise[i], before);
                (confidences[count], outcomes[count++]) = (own, before == 0 ? 1 : 0);
                continue;
            }
            tally.Add(weight, new(_scratch.Surprise[i]), before == 0, before);
            tally.AddToBin(weight, own, before == 0 ? 1 : 0);
        }
        if (count == 0) return;
        tally.AddUnweighted(surprises[..count], hits, confidences[..count], outcomes[..count]);
        tally.AddRanks(ranks[..count]);
    }
}
