using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Batches;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>
/// Scores short rows in plain double as <see cref="PlainScorer"/> does long ones, but four at a time, with a lane for each row: what is
/// computed once a row takes most of the time of a short one.
/// </summary>
/// <remarks>Lanes do not interact, and a number of classes is scored by one of both: so a row's bits depend on that row alone.</remarks>
internal sealed partial class PlainColumns : IDisposable
{
    /// <summary>The greatest number of classes for which this is faster.</summary>
    private const int MaxClasses = 64;

    private const int Rows = Lanes.Width;

    // the parts of the memory: the first two row by row, the others class by class
    private const int RowLogits = 0, RowTargets = 1, Logits = 2, Targets = 3, Exponentials = 4, Derivatives = 5, Sizes = 6, Weights = 7;

    private const int Parts = 8;

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
    private readonly bool _isWeighted;
    private readonly long[] _rows = new long[Rows];
    private readonly RowWork[] _work = new RowWork[Rows];
    private readonly double[] _surplus = new double[Rows], _ofClasses = new double[Rows];
    private readonly List<(long Index, RowWork Work)> _left = [];
    private int _count;
    private bool _areExact, _arePlain;

    public PlainColumns(
        Batch batch, CategoricalFormula formula, PlainTargets targets, double[] classWeight, RowLosses losses, Scores scores)
    {
        (_predictions, _classes) = (batch.Predictions, batch.Predictions.Shape.Last);
        (_formula, _targets, _losses, _scores) = (formula, targets, losses, scores);
        _scale = new(batch.Options.Get(SharedOptions.Temperature));
        _perUnit = 1 / _scale.Temperature;
        _memory = new(Parts * (Rows * _classes + Gap), batch.Memory);
        _isWeighted = classWeight.Length > 0;
        for (var i = 0; _isWeighted && i < Rows * _classes; i++) Part(Weights)[i] = classWeight[i / Rows];
    }

    /// <summary>Whether no row waits.</summary>
    public bool AreNone => _count == 0;

    /// <summary>Whether four rows wait, so that there is no room for one more.</summary>
    public bool AreFull => _count == Rows;

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
    public unsafe List<(long Index, RowWork Work)> Flush(CategoricalScratch scratch, ExactSum sum)
    {
        _left.Clear();
        ReadPredictions();
        var count = _targets.AreHard ? FindClasses() : ReadTargets(scratch);
        // rows that are missing repeat the first
        for (var i = count; i < Rows; i++) (_surplus[i], _ofClasses[i]) = (_surplus[0], _ofClasses[0]);
        fixed (double* memory = _memory.Span)
        {
            var rows = stackalloc StoredFloat64*[Rows];
            if (!_targets.AreHard)
            {
                FindRows(Locate(memory, RowTargets), count, rows);
                SoftmaxColumns<StoredFloat64>.Read(rows, _classes, Locate(memory, Targets), out _);
            }
            if (Array.Exists(_surplus, double.IsNaN)) AddUpTargets((double*)Locate(memory, Targets));
            FindRows(Locate(memory, RowLogits), count, rows);
            var z = Locate(memory, Logits);
            var min = SoftmaxColumns<StoredFloat64>.Read(rows, _classes, z, out var max);
            var rest = SoftmaxColumns<StoredFloat64>.StoreExponentials(
                z, _classes, min, max, _scale, (double*)Locate(memory, Exponentials));
            Score(count, new PlainSoftmax(rest, max, _perUnit), sum, rows);
        }
        for (var i = 0; i < count; i++)
            if (_work[i] != RowWork.None) _left.Add((_rows[i], _work[i]));
        _rows.AsSpan(count).CopyTo(_rows);
        _work.AsSpan(count).CopyTo(_work);
        _count -= count;
        return _left;
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    /// <summary>The bytes of working memory for rows of so many classes.</summary>
    public static long CountBytes(int classes) => classes > MaxClasses ? 0 : Parts * sizeof(double) * (Rows * classes + Gap);

    /// <summary>The starts of the rows in a part; those that are missing are the first again.</summary>
    private unsafe void FindRows(StoredFloat64* first, int count, StoredFloat64** rows)
    {
        for (var i = 0; i < Rows; i++) rows[i] = first + (i < count ? i : 0) * _classes;
    }

    /// <summary>The place after the waiting rows that follow row <paramref name="i"/> without a gap, to read them at once.</summary>
    private int FindEnd(int i)
    {
        var end = i + 1;
        while (end < _count && _rows[end] == _rows[i] + (end - i)) end++;
        return end;
    }

    private void ReadPredictions()
    {
        var z = Part(RowLogits);
        for (int i = 0, end; i < _count; i = end)
        {
            end = FindEnd(i);
            _predictions.Read(_rows[i] * _classes, z[(i * _classes)..(end * _classes)]);
        }
    }

    /// <summary>Writes targets that are 1 for one class; returns the number of rows.</summary>
    private int FindClasses()
    {
        var target = Part(Targets);
        target.Clear();
        for (var i = 0; i < Rows; i++)
        {
            var label = _targets.FindClass(_rows[i < _count ? i : 0]);
            if (label >= 0) target[label * Rows + i] = 1;
            (_surplus[i], _ofClasses[i]) = (0, _losses.GetClassWeight(label, default));
        }
        (_areExact, _arePlain) = (true, false);
        return _count;
    }

    /// <summary>Reads targets, as long as they are of one kind; returns the number of rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int ReadTargets(CategoricalScratch scratch)
    {
        if (!_losses.WeighClasses && TryReadPosted()) return _count;
        var z = scratch.Z;
        z[_classes..].Fill(double.NegativeInfinity);
        for (var i = 0; i < _count; i++)
        {
            Part(RowLogits).Slice(i * _classes, _classes).CopyTo(z);
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
            _targets.Find(scratch).Hi[.._classes].CopyTo(Part(RowTargets)[(i * _classes)..]);
        }
        return _count;
    }

    /// <summary>Reads targets that are the numbers posted, all at once.</summary>
    private bool TryReadPosted()
    {
        var targets = Part(RowTargets);
        for (int i = 0, end; i < _count; i = end)
        {
            end = FindEnd(i);
            if (!_targets.TryReadPosted(_rows[i], targets[(i * _classes)..(end * _classes)])) return false;
        }
        (_areExact, _arePlain) = (true, false);
        Array.Fill(_surplus, _targets.ReadSurplus ? double.NaN : 0);
        Array.Fill(_ofClasses, 1);
        return true;
    }

    /// <summary>Σt − 1 of each row that has NaN there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void AddUpTargets(double* t)
    {
        // the targets add up to about 1, so a double holds the sum of what rounding takes from their sum
        var (sum, rest) = (-Vector256<double>.One, Vector256<double>.Zero);
        for (var c = 0; c < Rows * _classes; c += Rows)
        {
            var own = Vector256.Load(t + c);
            var next = sum + own;
            var rounded = next - sum;
            rest += (sum - (next - rounded)) + (own - rounded);
            sum = next;
        }
        for (var i = 0; i < Rows; i++)
            if (double.IsNaN(_surplus[i])) _surplus[i] = sum[i] + rest[i];
    }

    private Span<double> Part(int index) => _memory.Span.Slice(index * (Rows * _classes + Gap), Rows * _classes);

    private NumberRow<PlainDouble> Pair(int index) => new(Part(index), Part(index));

    private unsafe StoredFloat64* Locate(double* memory, int part) => (StoredFloat64*)memory + part * (Rows * _classes + Gap);
}
