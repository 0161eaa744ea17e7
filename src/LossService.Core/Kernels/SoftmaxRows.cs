using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Outputs;

namespace LossService.Core.Kernels;

/// <summary>
/// Scores rows by <see cref="SoftmaxKernel{TElement}"/>, short ones by <see cref="SoftmaxColumns{TElement}"/>, a block of rows stage by
/// stage: all maxima, all exponentials, all losses (four rows at once), all gradients. The steps of one row depend on each other;
/// those of different rows overlap.
/// </summary>
internal sealed unsafe partial class SoftmaxRows<TElement> : ISoftmaxRows where TElement : unmanaged, IStoredFloat<TElement>
{
    private readonly SampleWeights _samples;
    private readonly Scores _scores;
    private readonly MetricsSum? _tally;
    private readonly SoftmaxLoss _loss;
    private readonly SoftmaxConclusion _conclusion;
    private readonly SoftmaxTargets _targets;
    private readonly SparseBlock? _sparse;
    private readonly TeacherDivergence<TElement>? _divergence;
    private readonly SoftmaxReader<TElement> _reader;
    private readonly int _classes, _padded, _block;
    private readonly bool _isShort, _isPlain, _weighsInside;
    private readonly TElement* _predictions, _gradient;
    private readonly SoftmaxScratch _scratch = SoftmaxScratch.Rent();
    private readonly double* _e, _columns;
    private int _count;

    /// <summary>Prepares for a batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="samples">The weights of its rows.</param>
    /// <param name="scores">Where to.</param>
    /// <param name="tally">The metrics of rows with a true class; null = none.</param>
    /// <param name="loss">What is computed.</param>
    /// <param name="hasRows">Whether each row has its own target, added by <see cref="AddSoft"/>.</param>
    /// <param name="namedClasses">The number of classes that such a row names; 0 = it has a t for each.</param>
    /// <param name="stored">The targets of all rows where they are read as they are stored, so that none is added; else null.</param>
    public SoftmaxRows(Batch batch, SampleWeights samples, Scores scores, MetricsSum? tally, SoftmaxLoss loss, bool hasRows,
        int namedClasses, StoredFloat32* stored)
    {
        (_samples, _scores, _tally, _loss) = (samples, scores, tally, loss);
        _classes = batch.Predictions.Shape.Last;
        _padded = Lanes.Padded(_classes);
        _isShort = _classes <= SoftmaxColumns<TElement>.MaxClasses;
        _block = ChooseBlock(_classes);
        _predictions = (TElement*)batch.Predictions.Data;
        _gradient = scores.Gradient is null ? null : (TElement*)scores.Gradient.Data;
        if (hasRows && !_isShort) _divergence = TeacherDivergence<TElement>.Create(batch, loss);
        _weighsInside = hasRows || loss.Smoothing != 0;
        _isPlain = samples.ArePlain && (_weighsInside || loss.ClassWeight.Length == 0) && !loss.IsScaled;
        _conclusion = new(loss, _classes, samples.Divisor, hasRows) { IsPlain = _isPlain };
        // the exponentials, the logits of short rows, their targets, and those of all rows
        var block = (nuint)_block * (nuint)_padded;
        var columns = _isShort ? (nuint)Lanes.Width * (nuint)_classes : 0;
        var own = _isShort ? 2 * block : block;
        var targets = namedClasses > 0 ? (nuint)(_block * SparseBlock.CountDoubles(namedClasses))
            : hasRows ? stored == null || _isShort ? block : 0
            : _conclusion.HasSpread ? (nuint)(_isShort ? Lanes.Width : 1) * (nuint)_padded : 0;
        var more = SoftmaxReader<TElement>.CountScores(loss, _classes, _isShort);
        _e = _scratch.Reserve(own + columns + targets + more, batch.Memory);
        _columns = _e + own;
        var memory = _columns + columns;
        _targets = new(loss, _classes, memory, hasRows, stored, _isShort);
        if (namedClasses > 0) _sparse = new(namedClasses, memory, (int*)(memory + _block * Lanes.Padded(namedClasses)));
        _reader = new(batch, loss, _scratch, _targets, _sparse, _conclusion.HasSpread)
        {
            Exponentials = _e,
            Logits = _e + block,
            Columns = _columns,
            Scores = memory + targets,
        };
    }

    /// <inheritdoc/>
    public List<long> Declined { get; } = [];

    /// <inheritdoc/>
    public List<long> WithoutLoss { get; } = [];

    /// <inheritdoc/>
    public List<long> WithoutGradient { get; } = [];

    /// <inheritdoc/>
    public Span<double> Target
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        get => _sparse is null ? _targets.Raw(_count) : _sparse.Targets(_count);
    }

    /// <inheritdoc/>
    public Span<int> NamedClasses => _sparse!.Classes(_count);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Add(long index, int y, ExactSum sum)
    {
        (_scratch.Index[_count], _scratch.Class[_count]) = (index, y);
        Weigh(_count, index, y);
        if (++_count == _block) Flush(sum);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Add(long first, ReadOnlySpan<int> classes, ExactSum sum)
    {
        while (classes.Length > 0)
        {
            var count = Math.Min(classes.Length, _block - _count);
            classes[..count].CopyTo(new(_scratch.Class + _count, count));
            var index = _scratch.Index + _count;
            for (var i = 0; i < count; i++) index[i] = first + i;
            if (_weighsInside || !_isPlain) Weigh(first, classes[..count]);
            (_count, first) = (_count + count, first + count);
            classes = classes[count..];
            if (_count == _block) Flush(sum);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void AddStored(long first, int count, ExactSum sum)
    {
        for (int added; count > 0; (count, first) = (count - added, first + added))
        {
            added = Math.Min(count, _block - _count);
            for (var i = 0; i < added; i++) (_scratch.Index[_count + i], _scratch.Class[_count + i]) = (first + i, 0);
            if (!_isPlain) _samples.Read(first, new(_scratch.Weight + _count, added));
            _count += added;
            if (_count == _block) Flush(sum);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void AddSoft(long index, double negatedEntropy, ExactSum sum)
    {
        if (_sparse is null && !_targets.AreStored) _targets.Prepare(_count);
        if (_loss.SubtractsEntropy) _scratch.NegatedEntropy[_count] = negatedEntropy;
        (_scratch.Index[_count], _scratch.Class[_count]) = (index, 0);
        if (!_isPlain) _scratch.Weight[_count] = _samples[index];
        if (++_count == _block) Flush(sum);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Flush(ExactSum sum)
    {
        if (_count == 0) return;
        if (_isShort) _reader.ReadColumns(_count);
        else _reader.ReadRows(_count);
        _conclusion.Conclude(_scratch, _count);
        if (_tally is not null) Tally(_tally);
        Decline();
        sum.Add(new ReadOnlySpan<double>(_scratch.Loss, _count));
        sum.Add(new ReadOnlySpan<double>(_scratch.Low, _count));
        if (_scores.Losses is { } losses)
            for (var i = 0; i < _count; i++) losses.Write(_scratch.Index[i], new(_scratch.Loss + i, 1));
        if (_gradient != null)
        {
            if (_samples.IsNothing) ClearGradients();
            else if (_isShort) WriteColumns();
            else WriteRows();
        }
        _count = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _scratch.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Weigh(int i, long index, int y)
    {
        var classWeight = _loss.ClassWeight.Length == 0 ? 1 : _loss.ClassWeight[y];
        if (_weighsInside) (_scratch.ClassWeight[i], classWeight) = (classWeight, 1);
        if (!_isPlain) _scratch.Weight[i] = _samples[index] * classWeight;
    }

    /// <summary>The same for the next rows of the block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Weigh(long first, ReadOnlySpan<int> classes)
    {
        var table = _loss.ClassWeight;
        var weights = new Span<double>(_scratch.Weight + _count, classes.Length);
        var classWeights = new Span<double>(_scratch.ClassWeight + _count, classes.Length);
        if (!_isPlain) _samples.Read(first, weights);
        if (table.Length == 0) classWeights.Fill(1);
        else if (_weighsInside) for (var i = 0; i < classes.Length; i++) classWeights[i] = table[classes[i]];
        else for (var i = 0; i < classes.Length; i++) weights[i] *= table[classes[i]];
    }

    /// <summary>The number of rows whose exponentials fit into the first-level cache.</summary>
    private static int ChooseBlock(int classes) => Math.Clamp(8192 / classes, 1, SoftmaxScratch.Rows);

    /// <summary>Writes the gradients of short rows, four rows at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void WriteColumns()
    {
        var rows = stackalloc TElement*[Lanes.Width];
        var own = stackalloc TElement[Lanes.Width];
        var e = _e;
        for (var i = 0; i < _count; i += Lanes.Width, e += Lanes.Width * _classes)
        {
            _scratch.Locate(i, _gradient, _classes, rows);
            var part = Vector256.Load(_scratch.Part + i);
            if (_conclusion.HasSpread)
            {
                var shift = Vector256.Load(_scratch.Shift + i);
                var lost = _targets.AreStored
                    ? SoftmaxColumns<TElement>.Combine(e, _classes, part, shift, _targets.StoredColumns(i))
                    : SoftmaxColumns<TElement>.Combine(e, _classes, part, shift, (StoredFloat64*)_targets.Columns(i, _columns));
                (lost | Vector256.Load(_scratch.Lost + i)).Store(_scratch.Lost + i);
                part = Vector256<double>.One;
            }
            else if (_loss.IsSquaredError)
            {
                var lost = SquaredErrors<TElement>.CombineColumns(
                    e, _classes, part, Vector256.Load(_scratch.PartSize + i), Vector256.Load(_scratch.Shift + i));
                (lost | Vector256.Load(_scratch.Lost + i)).Store(_scratch.Lost + i);
                part = Vector256<double>.One;
            }
            SoftmaxColumns<TElement>.Write(e, _classes, part, rows);
            if (_targets.AreRows) continue;
            var y = _scratch.Class + i;
            TElement.Store(Vector256.Load(_scratch.Own + i), own);
            for (var lane = 0; lane < Lanes.Width; lane++) rows[lane][y[lane]] = own[lane];
        }
        if ((_isPlain || !HasZero(_scratch.Weight)) && AreZero(_scratch.Lost)) return;
        for (var i = 0; i < _count; i++) Check(i, hasDigits: true);
    }

    /// <summary>Writes the gradients of rows, one row at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void WriteRows()
    {
        var e = _e;
        for (var i = 0; i < _count; i++, e += _padded)
        {
            var gradient = _gradient + _scratch.Index[i] * _classes;
            var hasDigits = true;
            if (_loss.IsSquaredError)
            {
                hasDigits = SquaredErrors<TElement>.WriteGradient(
                    e, _classes, _scratch.Part[i], _scratch.PartSize[i], _scratch.Shift[i], gradient);
            }
            else if (!_conclusion.HasSpread || _sparse is not null)
                SoftmaxKernel<TElement>.WriteGradient(e, _classes, _scratch.Part[i], gradient);
            if (_sparse is not null) hasDigits = _sparse.WriteGradient(i, e, _scratch.Part[i], _scratch.Shift[i], gradient);
            else if (_conclusion.HasSpread)
            {
                var (part, shift) = (_scratch.Part[i], _scratch.Shift[i]);
                hasDigits = _targets.AreStored
                    ? SoftmaxKernel<TElement>.WriteGradient(e, _classes, part, shift, _targets.Stored(_scratch.Index[i]), gradient)
                    : SoftmaxKernel<TElement>.WriteGradient(e, _classes, part, shift, (StoredFloat64*)_targets.Row(i), gradient);
            }
            if (!_targets.AreRows) gradient[_scratch.Class[i]] = TElement.FromDouble(_scratch.Own[i]);
            Check(i, hasDigits);
        }
    }

    /// <summary>Clears the gradient of a row without weight, and lists a row whose gradient lacks digits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Check(int i, bool hasDigits)
    {
        if (!_isPlain && _scratch.Weight[i] == 0) _scores.Gradient!.Clear(_scratch.Index[i] * _classes, _classes);
        else if (!hasDigits || _scratch.Lost[i] != 0) WithoutGradient.Add(_scratch.Index[i]);
    }

    /// <summary>Whether the block has only zeros in a column, and no more than whole vectors after it has others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool AreZero(double* column)
    {
        var any = Vector256<long>.Zero;
        for (var i = 0; i < _count; i += Lanes.Width) any |= Vector256.Load((long*)column + i);
        return any == Vector256<long>.Zero;
    }

    /// <summary>Whether a row of the block, or one that fills up its last vector, has zero in a column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool HasZero(double* column)
    {
        var any = Vector256<double>.Zero;
        for (var i = 0; i < _count; i += Lanes.Width) any |= Vector256.Equals(Vector256.Load(column + i), Vector256<double>.Zero);
        return any.AsInt64() != Vector256<long>.Zero;
    }

    private void ClearGradients()
    {
        for (var i = 0; i < _count; i++) _scores.Gradient!.Clear(_scratch.Index[i] * _classes, _classes);
    }
}
