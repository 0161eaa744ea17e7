using System.Runtime.CompilerServices;
using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>
/// Scores short rows in plain double as <see cref="ClassSumScorer"/> does long ones, but four at a time, with a lane for each row: what
/// is computed once a row takes most of the time of a short one.
/// </summary>
/// <remarks>Lanes do not interact, and a number of classes is scored by one of both: so a row's bits depend on that row alone.</remarks>
internal sealed unsafe partial class PlainColumns : IDisposable
{
    /// <summary>The greatest number of classes for which this is faster.</summary>
    private const int MaxClasses = 64;

    /// <summary>The rows that are scored at once, and those that may wait.</summary>
    private const int Rows = Lanes.Width, Most = 32;

    // the parts of the memory: class by class, then row by row
    private const int Logits = 0, Targets = 1, Exponentials = 2, Derivatives = 3, Sizes = 4, RowTargets = 5, Others = 6, Parts = 7;

    // else a store would delay reads at the same place in other pages
    private const int Gap = 40;

    private readonly int _classes;
    private readonly Tensor _predictions;
    private readonly CategoricalFormula _formula;
    private readonly PlainTargets _targets;
    private readonly RowLosses _losses;
    private readonly Scores _scores;
    private readonly ExponentialScale _scale;
    private readonly double _perUnit;
    private readonly WorkMemory _memory;
    private readonly bool _isWeighted, _areStored;
    private readonly long[] _rows = new long[Most];
    private readonly RowWork[] _work = new RowWork[Most];
    private readonly double[] _surplus = new double[Most], _ofClasses = new double[Most], _added = new double[2 * Most];
    private readonly PlainSoftmax[] _softmax = new PlainSoftmax[Most / Rows];
    private readonly PlainSums[] _sums = new PlainSums[Most / Rows];
    private readonly List<(long Index, RowWork Work)> _left = [];
    private int _count;
    private bool _areExact, _arePlain, _haveStoredTargets;

    public PlainColumns(
        Batch batch, CategoricalFormula formula, PlainTargets targets, double[] classWeight, RowLosses losses, Scores scores)
    {
        (_predictions, _classes) = (batch.Predictions, batch.Predictions.Shape.Last);
        (_formula, _targets, _losses, _scores) = (formula, targets, losses, scores);
        _scale = new(batch.Options.Get(SharedOptions.Temperature));
        _perUnit = 1 / _scale.Temperature;
        _areStored = _predictions.DType == DType.Float32;
        _memory = new(CountDoubles(_classes), batch.Memory);
        _isWeighted = classWeight.Length > 0;
        for (var i = 0; _isWeighted && i < Rows * _classes; i++) _memory.Span[Start(Others) + i] = classWeight[i / Rows];
    }

    /// <summary>Whether no row waits.</summary>
    public bool AreNone => _count == 0;

    /// <summary>Whether there is no room for one more.</summary>
    public bool AreFull => _count == Most;

    /// <summary>Whether rows of a batch are scored by this.</summary>
    public static bool Serves(Batch batch, CategoricalFormula formula) => PlainScorer.Serves(batch, formula) && formula.HasColumns
        && batch.Predictions.Shape.Last <= MaxClasses && !batch.Options.Has(SharedOptions.LogitBias);

    /// <summary>Adds a row to those that wait.</summary>
    /// <param name="index">The row's number.</param>
    /// <param name="work">What is wanted: its loss, its gradient, or both.</param>
    public void Add(long index, RowWork work)
    {
        (_rows[_count], _work[_count]) = (index, _scores.Gradient is null ? work & ~RowWork.Gradient : work);
        _count++;
    }

    /// <summary>Scores rows that wait, adding to the sum.</summary>
    /// <returns>What is left of the work on them.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public List<(long Index, RowWork Work)> Flush(CategoricalScratch scratch, ExactSum sum)
    {
        _left.Clear();
        int count;
        Span<long> later = stackalloc long[Most];
        fixed (double* memory = _memory.Span)
        {
            count = ReadTargets(memory, scratch);
            _rows.AsSpan(count.._count).CopyTo(later);
            Array.Clear(_added);
            Score(memory, count);
        }
        sum.Add(_added);
        for (var i = 0; i < count; i++)
            if (_work[i] != RowWork.None) _left.Add((_rows[i], _work[i]));
        _work.AsSpan(count.._count).CopyTo(_work);
        _count -= count;
        later[.._count].CopyTo(_rows);
        return _left;
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    /// <summary>The bytes of working memory for rows of so many classes.</summary>
    public static long CountBytes(int classes) => classes > MaxClasses ? 0 : sizeof(double) * CountDoubles(classes);

    private static int CountDoubles(int classes) => Parts * (Most * classes + Gap);

    /// <summary>Reads or finds targets, as long as they are of one kind; returns the number of rows.</summary>
    private int ReadTargets(double* memory, CategoricalScratch scratch)
    {
        (_areExact, _arePlain) = (true, false);
        _haveStoredTargets = _areStored && !_losses.WeighClasses && _targets.FindStored(_rows[0]) != null;
        if (_haveStoredTargets || (!_losses.WeighClasses && TryReadPosted(memory)))
        {
            _surplus.AsSpan().Fill(_targets.ReadSurplus ? double.NaN : 0);
            _ofClasses.AsSpan().Fill(1);
            return _count;
        }
        if (!_targets.AreHard) return ReadRows(memory, scratch);
        for (var i = 0; i < _count; i++) (_surplus[i], _ofClasses[i]) = (0, _losses.GetClassWeight(_targets.FindClass(_rows[i]), default));
        return _count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int ReadRows(double* memory, CategoricalScratch scratch)
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
            // of exact targets, those of four rows are found at once
            var areTogether = isExact && _targets.NeedsSurplus(target);
            _surplus[i] = areTogether ? double.NaN : _targets.GetSurplus(target, scratch);
            if (!_targets.TrySmooth(target, scratch))
            {
                _left.Add((_rows[i], _work[i]));
                _work[i] = RowWork.None;
            }
            _ofClasses[i] = _losses.GetClassWeight(target.Hard, scratch.Y);
            _targets.Find(scratch).Hi[.._classes].CopyTo(new(memory + Start(RowTargets) + i * _classes, _classes));
        }
        return _count;
    }

    /// <summary>Reads targets that are the numbers posted, rows that follow each other at once.</summary>
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

    private int Start(int part) => part * (Most * _classes + Gap);
}
