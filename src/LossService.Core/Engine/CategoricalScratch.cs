using System.Buffers;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>One thread's working memory for rows of K classes, reused for each row.</summary>
internal sealed class CategoricalScratch(int classes) : IDisposable
{
    private readonly int _padded = DdRow.Padded(classes);
    private readonly double[] _memory = ArrayPool<double>.Shared.Rent(16 * DdRow.Padded(classes));

    /// <summary>The predictions as posted.</summary>
    public Span<double> Z => Part(0);

    /// <summary>The unsmoothed target.</summary>
    public Span<double> Y => Part(1);

    /// <summary>A row of results before it is written.</summary>
    public Span<double> Result => Part(2);

    /// <summary>The row that formulas and links share.</summary>
    public CategoricalRow<TNumber> Row<TNumber>(int hard, bool sumsToOne, TNumber surplus, ReadOnlySpan<double> classWeight)
        where TNumber : struct, IArithmetic<TNumber> => new()
        {
            Classes = classes,
            Hard = hard,
            SumsToOne = sumsToOne,
            Surplus = surplus,
            Z = Z,
            LogP = Pair<TNumber>(3),
            P = Pair<TNumber>(5),
            T = Pair<TNumber>(7),
            ClassWeight = classWeight,
            LogPDerivative = Pair<TNumber>(9),
            PDerivative = Pair<TNumber>(11),
            Q = Pair<TNumber>(13),
            Size = Part(15),
        };

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<double>.Shared.Return(_memory);

    private Span<double> Part(int index) => _memory.AsSpan(index * _padded, _padded);

    private NumberRow<TNumber> Pair<TNumber>(int index) where TNumber : struct, IArithmetic<TNumber> =>
        new(Part(index), Part(index + 1));
}
