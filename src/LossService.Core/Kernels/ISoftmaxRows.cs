using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>Scores rows by the softmax kernel, for any dtype of the logits.</summary>
internal interface ISoftmaxRows : IDisposable
{
    /// <summary>Rows that the kernel did not score because a logit is +∞: the loss's formula has that limit; empty = none.</summary>
    List<long> Declined { get; }

    /// <summary>Adds a row, whose true class is <paramref name="y"/>; scores the block when it is full.</summary>
    void Add(long index, int y, ExactSum sum);

    /// <summary>Scores the rows of the block, and adds their losses to <paramref name="sum"/>.</summary>
    void Flush(ExactSum sum);
}
