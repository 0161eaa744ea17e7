using System.Numerics;
using System.Runtime.CompilerServices;
using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>
/// Scores short rows in plain double as <see cref="ClassSumScorer"/> does long ones, but up to 32 together, four side by side with a
/// lane for each row, and what is computed once a row for eight at a time: that took most of the time of a short row.
/// </summary>
/// <remarks>Lanes do not interact, and a number of classes is scored by one of both: so a row's bits depend on that row alone.</remarks>
internal sealed unsafe partial class PlainColumns : IDisposable
{
    /// <summary>The greatest number of classes for which this is faster.</summary>
    private const int MaxClasses = 64;

    private const int Rows = ColumnBlock.Rows, Most = ColumnBlock.Most;

    // the parts of the memory: class by class, then row by row
    private const int Logits = 0, Targets = 1, Exponentials = 2, Derivatives = 3, Sizes = 4, RowTargets = 5, Others = 6, Parts = 7;

    // else a store would delay reads at the same place in other pages
    private const int Gap = 40;

    // a vector across two cache lines costs twice
    private const int Line = 64;

    private readonly int _classes, _stride;
    private readonly Tensor _predictions;
    private readonly CategoricalFormula _formula;
    private readonly PlainTargets _targets;
    private readonly RowLosses _losses;
    private readonly Scores _scores;
    private readonly ExponentialScale _scale;
    private readonly WorkMemory _memory;
    private readonly double[] _classWeight;
    private readonly bool _areStored, _haveTrueClass;
    private readonly long[] _rows = new long[Most];
    private readonly int[] _labels = new int[Most];
    private readonly List<(long Index, RowWork Work)> _left = [];
    private int _count;

    // a bit for each row
    private uint _wantLoss, _wantGradient;
    private bool _areExact, _arePlain, _haveStoredTargets;

    public PlainColumns(
        Batch batch, CategoricalFormula formula, PlainTargets targets, double[] classWeight, RowLosses losses, Scores scores)
    {
        (_predictions, _classes) = (batch.Predictions, batch.Predictions.Shape.Last);
        _stride = PadClasses(_classes) * Rows;
        (_formula, _targets, _losses, _scores) = (formula, targets, losses, scores);
        _scale = new(batch.Options.Get(SharedOptions.Temperature));
        _areStored = _predictions.DType == DType.Float32;
        _memory = new(CountDoubles(_classes), batch.Memory);
        _classWeight = classWeight;
        _haveTrueClass = formula.HasColumnsOfTrueClass;
    }

    /// <summary>Whether no row waits.</summary>
    public bool AreNone => _count == 0;

    /// <summary>Whether there is no room for one more.</summary>
    public bool AreFull => _count == Most;

    /// <summary>Whether rows of a batch are scored by this; see <see cref="TryAdd"/>.</summary>
    public static bool Serves(Batch batch, CategoricalFormula formula) => PlainScorer.Serves(batch, formula) && formula.HasColumns
        && batch.Predictions.Shape.Last <= MaxClasses && !batch.Options.Has(SharedOptions.LogitBias);

    /// <summary>Adds a row to those that wait; false for a row without a true class, where the formula needs one.</summary>
    /// <param name="index">The row's number.</param>
    /// <param name="work">What is wanted: its loss, its gradient, or both.</param>
    /// <param name="scratch">Memory for its target.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryAdd(long index, RowWork work, CategoricalScratch scratch)
    {
        if (_haveTrueClass)
        {
            _labels[_count] = _targets.FindTrueClass(index, scratch);
            if (_labels[_count] < 0) return false;
        }
        if ((work & RowWork.Loss) != 0) _wantLoss |= 1u << _count;
        if ((work & RowWork.Gradient) != 0 && _scores.Gradient is not null) _wantGradient |= 1u << _count;
        _rows[_count++] = index;
        return true;
    }

    /// <summary>Scores rows that wait, adding to the sum.</summary>
    /// <returns>What is left of the work on them.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public List<(long Index, RowWork Work)> Flush(CategoricalScratch scratch, ExactSum sum)
    {
        _left.Clear();
        Span<long> later = stackalloc long[Most];
        fixed (double* unaligned = _memory.Span)
        {
            var memory = (double*)(((nint)unaligned + Line - 1) & -Line);
            var block = NewBlock(memory);
            var count = ReadTargets(memory, block, scratch);
            _rows.AsSpan(count.._count).CopyTo(later);
            _count -= count;
            var (laterLoss, laterGradient) = (Shift(_wantLoss, count), Shift(_wantGradient, count));
            (_wantLoss, _wantGradient) = (_wantLoss & Below(count), _wantGradient & Below(count));
            Score(memory, block, count, sum);
            while ((_wantLoss | _wantGradient) != 0) Leave(BitOperations.TrailingZeroCount(_wantLoss | _wantGradient));
            (_wantLoss, _wantGradient) = (laterLoss, laterGradient);
        }
        later[.._count].CopyTo(_rows);
        return _left;
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    /// <summary>The bytes of working memory for rows of so many classes.</summary>
    public static long CountBytes(int classes) => classes > MaxClasses ? 0 : sizeof(double) * CountDoubles(classes);

    private static int CountDoubles(int classes) =>
        Parts * (Most * PadClasses(classes) + Gap) + ColumnBlock.CountNumbers + Line / sizeof(double);

    private static int PadClasses(int classes) => (classes + 1) & ~1;

    private static uint Below(int count) => count == Most ? uint.MaxValue : (1u << count) - 1;

    private static uint Shift(uint bits, int count) => count == Most ? 0 : bits >> count;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private ColumnBlock NewBlock(double* memory) => new()
    {
        Count = 0,
        Stride = _stride,
        Logits = memory + Start(Logits),
        Exponentials = memory + Start(Exponentials),
        Targets = memory + Start(Targets),
        Weights = _classWeight.Length > 0 ? memory + Start(Others) : null,
        Derivatives = memory + Start(Derivatives),
        Sizes = memory + Start(Sizes),
        Numbers = memory + Start(Parts),
        HasDoubles = !_areStored,
        HasDoubleTargets = true,
        HasExactTarget = true,
        PerUnit = 1 / _scale.Temperature,
    };

    /// <summary>Reads or finds targets, as long as they are of one kind; returns the number of rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int ReadTargets(double* memory, in ColumnBlock block, CategoricalScratch scratch)
    {
        (_areExact, _arePlain, _haveStoredTargets) = (true, false, false);
        if (_haveTrueClass)
        {
            for (var i = 0; i < _count; i++)
                (block.Label[i], block.Surplus[i], block.OfClasses[i]) = (_labels[i], 0, _losses.GetClassWeight(_labels[i], default));
            return _count;
        }
        _haveStoredTargets = _areStored && !_losses.WeighClasses && _targets.FindStored(_rows[0]) != null;
        if (_haveStoredTargets || (!_losses.WeighClasses && TryReadPosted(memory)))
        {
            new Span<double>(block.Surplus, Most).Fill(_targets.ReadSurplus ? double.NaN : 0);
            new Span<double>(block.OfClasses, Most).Fill(1);
            return _count;
        }
        if (!_targets.AreHard) return ReadRows(memory, block, scratch);
        for (var i = 0; i < _count; i++)
            (block.Surplus[i], block.OfClasses[i]) = (0, _losses.GetClassWeight(_targets.FindClass(_rows[i]), default));
        return _count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int ReadRows(double* memory, in ColumnBlock block, CategoricalScratch scratch)
    {
        var z = scratch.Z;
        z[_classes..].Fill(double.NegativeInfinity);
        for (var i = 0; i < _count; i++)
        {
            if (_targets.AreSmoothed) _predictions.Read(_rows[i] * _classes, z[.._classes]);
            var target = _targets.Read(_rows[i], scratch);
            var isExact = !_targets.AreSmoothed && target.IsExact;
            if (i > 0 && (isExact != _areExact || target.IsPlain != _arePlain)) return i;
            (_areExact, _arePlain) = (isExact, target.IsPlain);
            // of exact targets, those of a block are found at once
            var areTogether = isExact && _targets.NeedsSurplus(target);
            block.Surplus[i] = areTogether ? double.NaN : _targets.GetSurplus(target, scratch);
            if (!_targets.TrySmooth(target, scratch)) Leave(i);
            block.OfClasses[i] = _losses.GetClassWeight(target.Hard, scratch.Y);
            _targets.Find(scratch).Hi[.._classes].CopyTo(new(memory + Start(RowTargets) + i * _classes, _classes));
        }
        return _count;
    }

    /// <summary>Leaves all work on a row.</summary>
    private void Leave(int i)
    {
        var bit = 1u << i;
        _left.Add((_rows[i], ((_wantLoss & bit) != 0 ? RowWork.Loss : 0) | ((_wantGradient & bit) != 0 ? RowWork.Gradient : 0)));
        (_wantLoss, _wantGradient) = (_wantLoss & ~bit, _wantGradient & ~bit);
    }

    /// <summary>Reads targets that are the numbers posted, rows that follow each other at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryReadPosted(double* memory)
    {
        if (_targets.AreHard) return false;
        for (int i = 0, end; i < _count; i = end)
        {
            end = i + 1;
            while (end < _count && _rows[end] == _rows[i] + (end - i)) end++;
            var targets = new Span<double>(memory + Start(RowTargets) + i * _classes, (end - i) * _classes);
            if (!_targets.TryReadPosted(_rows[i], targets)) return false;
        }
        return true;
    }

    private int Start(int part) => part * (Most * _stride / Rows + Gap);
}
