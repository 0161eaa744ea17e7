using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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
internal sealed class PlainColumns : IDisposable
{
    /// <summary>The greatest number of classes for which this is faster.</summary>
    private const int MaxClasses = 64;

    private const int Rows = Lanes.Width;

    // the logits and targets row by row, then class by class; the exponentials, derivatives, sizes and weights class by class
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
        for (var i = 0; _isWeighted && i < Rows * _classes; i++) Part(7)[i] = classWeight[i / Rows];
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
            var from = stackalloc StoredFloat64*[Rows];
            for (var i = 0; i < Rows; i++) from[i] = Locate(memory, 1) + (i < count ? i : 0) * _classes;
            if (!_targets.AreHard) SoftmaxColumns<StoredFloat64>.Read(from, _classes, Locate(memory, 3), out _);
            if (Array.Exists(_surplus, double.IsNaN)) AddUpTargets((double*)Locate(memory, 3));
            for (var i = 0; i < Rows; i++) from[i] = Locate(memory, 0) + (i < count ? i : 0) * _classes;
            var z = Locate(memory, 2);
            var min = SoftmaxColumns<StoredFloat64>.Read(from, _classes, z, out var max);
            var rest = SoftmaxColumns<StoredFloat64>.StoreExponentials(z, _classes, min, max, _scale, (double*)Locate(memory, 4));
            Score(count, new PlainSoftmax(rest, max, _perUnit), sum, from);
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

    private void ReadPredictions()
    {
        var z = Part(0);
        // rows that follow each other are read at once
        for (int i = 0, end; i < _count; i = end)
        {
            for (end = i + 1; end < _count && _rows[end] == _rows[i] + (end - i);) end++;
            _predictions.Read(_rows[i] * _classes, z[(i * _classes)..(end * _classes)]);
        }
    }

    /// <summary>Writes targets that are 1 for one class; returns the number of rows.</summary>
    private int FindClasses()
    {
        var target = Part(3);
        target.Clear();
        for (var i = 0; i < Rows; i++)
        {
            var label = i < _count ? _targets.FindClass(_rows[i]) : _targets.FindClass(_rows[0]);
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
        var z = scratch.Z;
        z[_classes..].Fill(double.NegativeInfinity);
        for (var i = 0; i < _count; i++)
        {
            Part(0).Slice(i * _classes, _classes).CopyTo(z);
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
            _targets.Find(scratch).Hi[.._classes].CopyTo(Part(1)[(i * _classes)..]);
        }
        return _count;
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Score(int count, in PlainSoftmax softmax, ExactSum sum, StoredFloat64** rows)
    {
        var block = new CategoricalRow<PlainDouble>
        {
            Classes = Rows * _classes,
            Hard = TargetRows.Soft,
            SumsToOne = true,
            Surplus = PlainDouble.Load(ref _surplus[0]),
            Top = -1,
            HasExactTarget = _areExact,
            Z = Part(2),
            T = Pair(3),
            P = Pair(4),
            LogPDerivative = Pair(5),
            Size = Part(6),
            ClassWeight = _isWeighted ? Part(7) : default,
            LogP = default,
            Q = default,
            PDerivative = default,
        };
        var scores = _formula.ScoreColumns(block, softmax);
        var scale = _losses.GetScales(_rows, Vector256.LoadUnsafe(ref _ofClasses[0]));
        var haveDigits = scores.HaveDigits(_arePlain || _targets.AreSmoothed) & softmax.AreDefined;
        AddLosses(count, scores.Value, scale, haveDigits, sum);
        if (_scores.Gradient is not { } gradient || !AnyWantsGradient(count)) return;
        var lost = Combine(block, softmax, scores, _losses.GetGradientScale(scale).Hi * Vector256.Create(_perUnit));
        Write(count, gradient, rows);
        for (var i = 0; i < count; i++)
            if (haveDigits[i] != 0 && lost[i] == 0) _work[i] &= ~RowWork.Gradient;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddLosses(int count, Dd value, Dd scale, Vector256<double> haveDigits, ExactSum sum)
    {
        // overflows as it should
        var loss = Dd.Select(scale.IsZero, Dd.Zero, value * scale);
        Span<double> added = stackalloc double[2 * Rows];
        added.Clear();
        for (var i = 0; i < count; i++)
        {
            if (haveDigits[i] == 0 || (_work[i] & RowWork.Loss) == 0) continue;
            _work[i] &= ~RowWork.Loss;
            (added[i], added[Rows + i]) = (loss.Hi[i], loss.Lo[i]);
            _scores.Losses?.Write(_rows[i], added.Slice(i, 1));
        }
        sum.Add(added);
    }

    private bool AnyWantsGradient(int count)
    {
        var all = RowWork.None;
        for (var i = 0; i < count; i++) all |= _work[i];
        return (all & RowWork.Gradient) != 0;
    }

    /// <summary>Replaces the derivatives by the gradients; returns above 0 for each row that lacks digits.</summary>
    private static Vector256<double> Combine(
        in CategoricalRow<PlainDouble> block, in PlainSoftmax softmax, in PlainScores scores, Vector256<double> scale)
    {
        var (done, lost) = (0, Vector256<double>.Zero);
        if (Lanes.HasMost) done = Combine<PlainEight>(block, softmax, scores, scale, 0, ref lost);
        Combine<PlainDouble>(block, softmax, scores, scale, done, ref lost);
        return lost;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int Combine<TNumber>(in CategoricalRow<PlainDouble> block, in PlainSoftmax softmax, in PlainScores scores,
        Vector256<double> scale, int start, ref Vector256<double> lost) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var (p, lacking, c) = (softmax, lost, start);
        var (sum, all, factor) = (TNumber.Repeat(scores.Derivative), TNumber.Repeat(scores.DerivativeSize), TNumber.Repeat(scale));
        var (least, isNothing) = (TNumber.Of(SoftmaxKernel<StoredFloat32>.LeastPart), factor.IsZero);
        ref var e = ref MemoryMarshal.GetReference(block.P.Hi);
        ref var u = ref MemoryMarshal.GetReference(block.LogPDerivative.Hi);
        ref var sizes = ref MemoryMarshal.GetReference(block.Size);
        for (; c <= block.Classes - TNumber.Count; c += TNumber.Count)
        {
            var g = p.Backward(TNumber.Load(ref Unsafe.Add(ref e, c)), TNumber.Load(ref Unsafe.Add(ref u, c)),
                TNumber.Load(ref Unsafe.Add(ref sizes, c)), sum, all, out var size);
            var lacks = TNumber.LessThan(TNumber.Abs(g), size * least);
            g *= factor;
            lacks = ~isNothing & (lacks | ~g.IsFinite);
            lacking = TNumber.Add(lacking, TNumber.Select(lacks, TNumber.One, TNumber.Zero));
            TNumber.Select(isNothing, TNumber.Zero, g).StoreNearest(ref Unsafe.Add(ref u, c));
        }
        lost = lacking;
        return c;
    }

    /// <summary>Writes the gradients of the rows; those of rows that are scored again are overwritten then.</summary>
    private unsafe void Write(int count, Tensor gradient, StoredFloat64** rows)
    {
        fixed (double* memory = _memory.Span)
        {
            var from = (double*)Locate(memory, 5);
            // a row that is missing, or does not want its gradient, has it written to memory that nothing reads
            var unread = Locate(memory, 0);
            if (gradient.DType == DType.Float32)
            {
                var to = stackalloc StoredFloat32*[Rows];
                for (var i = 0; i < Rows; i++)
                    to[i] = Wants(i, count) ? (StoredFloat32*)gradient.Data + _rows[i] * _classes : (StoredFloat32*)unread;
                SoftmaxColumns<StoredFloat32>.Write(from, _classes, Vector256<double>.One, to);
                return;
            }
            for (var i = 0; i < Rows; i++) rows[i] = unread + i * _classes;
            SoftmaxColumns<StoredFloat64>.Write(from, _classes, Vector256<double>.One, rows);
            for (var i = 0; i < count; i++)
                if (Wants(i, count)) gradient.Write(_rows[i] * _classes, Part(0).Slice(i * _classes, _classes));
        }
    }

    private bool Wants(int i, int count) => i < count && (_work[i] & RowWork.Gradient) != 0;

    private Span<double> Part(int index) => _memory.Span.Slice(index * (Rows * _classes + Gap), Rows * _classes);

    private NumberRow<PlainDouble> Pair(int index) => new(Part(index), Part(index));

    private unsafe StoredFloat64* Locate(double* memory, int part) => (StoredFloat64*)memory + part * (Rows * _classes + Gap);
}
