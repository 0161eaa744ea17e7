using System.Runtime.CompilerServices;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>One thread's working memory for rows of K classes, reused for each row.</summary>
internal sealed class CategoricalScratch : IDisposable
{
    private const int Rows = 17, CurvatureRows = 6;

    private readonly int _classes, _padded;
    private readonly WorkMemory _memory;

    /// <param name="classes">K.</param>
    /// <param name="hasCurvature">Whether it has a <see cref="Curvature"/>.</param>
    /// <param name="budget">What long rows are taken from.</param>
    public CategoricalScratch(int classes, bool hasCurvature, MemoryBudget? budget)
    {
        (_classes, _padded) = (classes, Lanes.Padded(classes));
        _memory = new((long)(hasCurvature ? Rows + CurvatureRows : Rows) * _padded, budget);
        Y.Clear();
        YLow.Clear();
    }

    /// <summary>The predictions as posted.</summary>
    public Span<double> Z => Part(0);

    /// <summary>The unsmoothed target; 0 in its padding, which nothing writes.</summary>
    public Span<double> Y => Part(1);

    /// <summary>What rounding took from the unsmoothed target; 0 in its padding.</summary>
    public Span<double> YLow => Part(16);

    /// <summary>The unsmoothed target.</summary>
    public NumberRow<Dd> Target
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        get => new(Y, YLow);
    }

    /// <summary>The smoothed target in plain double, which the row's is, too.</summary>
    public NumberRow<PlainDouble> Smoothed => Pair<PlainDouble>(7);

    /// <summary>ln t of the target, until the results are written.</summary>
    public NumberRow<Dd> Logs
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        get => new(Part(2), Part(15));
    }

    /// <summary>A row of results before it is written.</summary>
    public Span<double> Result => Part(2);

    /// <summary>The row that formulas and links share.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public CategoricalRow<TNumber> Row<TNumber>(int hard, bool sumsToOne, TNumber surplus, ReadOnlySpan<double> classWeight)
        where TNumber : struct, IFourNumbers<TNumber>
    {
        var all = _memory.Span;
        var length = _padded;
        return new()
        {
            Classes = _classes,
            Hard = hard,
            SumsToOne = sumsToOne,
            Surplus = surplus,
            Top = -1,
            Z = all[..length],
            LogP = new(all.Slice(3 * length, length), all.Slice(4 * length, length)),
            P = new(all.Slice(5 * length, length), all.Slice(6 * length, length)),
            T = new(all.Slice(7 * length, length), all.Slice(8 * length, length)),
            ClassWeight = classWeight,
            LogPDerivative = new(all.Slice(9 * length, length), all.Slice(10 * length, length)),
            PDerivative = new(all.Slice(11 * length, length), all.Slice(12 * length, length)),
            Q = new(all.Slice(13 * length, length), all.Slice(14 * length, length)),
            Size = all.Slice(15 * length, length),
        };
    }

    /// <summary>Where the formula writes second derivatives; the row has it where the Hessian is asked for.</summary>
    public CurvatureRow Curvature => new()
    {
        LogP = Pair<Dd>(Rows),
        Scaled = Pair<Dd>(Rows + 2),
        P = Pair<Dd>(Rows + 4),
    };

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    /// <summary>The bytes of one for rows of so many classes.</summary>
    public static long CountBytes(int classes, bool hasCurvature) =>
        (long)(hasCurvature ? Rows + CurvatureRows : Rows) * sizeof(double) * Lanes.Padded(classes);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Span<double> Part(int index) => _memory.Span.Slice(index * _padded, _padded);

    private NumberRow<TNumber> Pair<TNumber>(int index) where TNumber : struct, IFourNumbers<TNumber> =>
        new(Part(index), Part(index + 1));
}
