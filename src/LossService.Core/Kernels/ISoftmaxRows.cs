using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>Scores rows by the softmax kernel, for any dtype of the logits.</summary>
internal interface ISoftmaxRows : IDisposable
{
    /// <summary>Rows that the kernel did not score, since a double does not hold what the formula does.</summary>
    List<long> Declined { get; }

    /// <summary>Rows whose gradients the kernel has computed, but not their losses.</summary>
    List<long> WithoutLoss { get; }

    /// <summary>Rows whose losses the kernel has computed, but not their gradients.</summary>
    List<long> WithoutGradient { get; }

    /// <summary>Where to write the next row's own target, padded; or that of its named classes.</summary>
    Span<double> Target { get; }

    /// <summary>Where to write the classes that the next row names, where rows name classes.</summary>
    Span<int> NamedClasses { get; }

    /// <summary>Adds a row, whose true class is <paramref name="y"/>; scores the block when it is full.</summary>
    void Add(long index, int y, ExactSum sum);

    /// <summary>Adds rows that follow each other, with their true classes.</summary>
    void Add(long first, ReadOnlySpan<int> classes, ExactSum sum);

    /// <summary>Adds rows that follow each other, whose targets are read as they are stored.</summary>
    void AddStored(long first, int count, ExactSum sum);

    /// <summary>
    /// Adds a row whose target is in <see cref="Target"/>, with Σ t·ln t where that is subtracted; scores the block when it is full.
    /// </summary>
    void AddSoft(long index, double negatedEntropy, ExactSum sum);

    /// <summary>Scores the rows of the block, and adds their losses to <paramref name="sum"/>.</summary>
    void Flush(ExactSum sum);
}
