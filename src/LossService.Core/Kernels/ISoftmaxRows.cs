using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>Rows that a kernel scores, whatever their dtype.</summary>
internal interface ISoftmaxRows : IDisposable
{
    /// <summary>Rows that the kernel left out, because a logit is +∞: that limit is the formula's; null = none.</summary>
    List<long>? Declined { get; }

    /// <summary>Takes a kept row, whose true class is <paramref name="y"/>.</summary>
    void Add(long index, int y, ExactSum sum);

    /// <summary>Scores the rows taken so far; their losses are added to <paramref name="sum"/>.</summary>
    void Flush(ExactSum sum);
}
