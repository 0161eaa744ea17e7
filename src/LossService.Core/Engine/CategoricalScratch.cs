using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>One thread's working memory for rows of K classes, reused for each row.</summary>
internal sealed class CategoricalScratch(int classes, MemoryBudget? budget) : IDisposable
{
    private const int Rows = 16;

    private readonly int _padded = DdRow.Padded(classes);
    private readonly WorkMemory _memory = new((long)Rows * DdRow.Padded(classes), budget);

    /// <summary>The predictions as posted.</summary>
    public Span<double> Z => Part(0);

    /// <summary>The unsmoothed target.</summary>
    public Span<double> Y => Part(1);

    /// <summary>What rounding took from the unsmoothed target.</summary>
    public Span<double> YLow => Part(15);

    /// <summary>A row of results before it is written.</summary>
    public Span<double> Result => Part(2);

    /// <summary>The row that formulas and links share.</summary>
    public CategoricalRow Row(int hard, bool sumsToOne, Dd surplus, ReadOnlySpan<double> classWeight) => new()
    {
        Classes = classes,
        Hard = hard,
        SumsToOne = sumsToOne,
        Surplus = surplus,
        Z = Z,
        LogP = Pair(3),
        P = Pair(5),
        T = Pair(7),
        ClassWeight = classWeight,
        LogPDerivative = Pair(9),
        PDerivative = Pair(11),
        Q = Pair(13),
    };

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    /// <summary>The bytes of one for rows of so many classes.</summary>
    public static long CountBytes(int classes) => (long)Rows * sizeof(double) * DdRow.Padded(classes);

    private Span<double> Part(int index) => _memory.Span.Slice(index * _padded, _padded);

    private DdRow Pair(int index) => new(Part(index), Part(index + 1));
}
