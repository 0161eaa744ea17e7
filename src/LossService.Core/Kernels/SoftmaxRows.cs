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
internal sealed unsafe class SoftmaxRows<TElement> : ISoftmaxRows where TElement : unmanaged, IStoredFloat<TElement>
{
    /// <summary>Below this, an error of 2⁻⁵⁰ times the factor of errors is less than 2⁻³⁰, which a float32 may have.</summary>
    private const double MaxErrorFactor = 1 << 20;

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
    public SoftmaxRows(
        Batch batch, SampleWeights samples, Scores scores, MetricsSum? tally, SoftmaxLoss loss, bool hasRows, int namedClasses)
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
            : hasRows ? block : _conclusion.HasSpread ? (nuint)_padded : 0;
        var more = SoftmaxReader<TElement>.CountScores(loss, _classes, _isShort);
        _e = _scratch.Reserve(own + columns + targets + more, batch.Memory);
        _columns = _e + own;
        var memory = _columns + columns;
        _targets = new(loss, _classes, memory, hasRows);
        if (namedClasses > 0) _sparse = new(namedClasses, memory, (int*)(memory + _block * Lanes.Padded(namedClasses)));
        _reader = new(batch, loss, _scratch, _targets, _sparse, _conclusion.HasSpread)
        {
            Exponentials = _e,
            Logits = (TElement*)(_e + block),
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
    public Span<double> Target => _sparse is null ? _targets.Raw(_count) : _sparse.Targets(_count);

    /// <inheritdoc/>
    public Span<int> NamedClasses => _sparse!.Classes(_count);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Add(long index, int y, ExactSum sum)
    {
        (_scratch.Index[_count], _scratch.Class[_count]) = (index, y);
        var classWeight = _loss.ClassWeight.Length == 0 ? 1 : _loss.ClassWeight[y];
        if (_weighsInside) (_scratch.ClassWeight[_count], classWeight) = (classWeight, 1);
        if (!_isPlain) _scratch.Weight[_count] = _samples[index] * classWeight;
        if (++_count == _block) Flush(sum);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void AddSoft(long index, double negatedEntropy, ExactSum sum)
    {
        if (_sparse is null) _targets.Prepare(_count);
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
        for (var i = 0; i < _count; i += Lanes.Width) _conclusion.Conclude(_scratch, i);
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

    /// <summary>The number of rows whose exponentials fit into the first-level cache.</summary>
    private static int ChooseBlock(int classes) => Math.Clamp(8192 / classes, 1, SoftmaxScratch.Rows);

    /// <summary>Writes the gradients of short rows, four rows at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void WriteColumns()
    {
        var rows = stackalloc TElement*[Lanes.Width];
        var e = _e;
        for (var i = 0; i < _count; i += Lanes.Width, e += Lanes.Width * _classes)
        {
            _scratch.Locate(i, _gradient, _classes, rows);
            var part = Vector256.Load(_scratch.Part + i);
            if (_conclusion.HasSpread)
            {
                var lost = SoftmaxColumns<TElement>.Combine(
                    e, _classes, part, Vector256.Load(_scratch.Shift + i), _targets.Columns(i, _columns));
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
            var own = _scratch.Own + i;
            for (var lane = 0; lane < Lanes.Width; lane++) rows[lane][y[lane]] = TElement.FromDouble(own[lane]);
        }
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
                hasDigits = SoftmaxKernel<TElement>.WriteGradient(
                    e, _classes, _scratch.Part[i], _scratch.Shift[i], _targets.Row(i), gradient);
            }
            if (!_targets.AreRows) gradient[_scratch.Class[i]] = TElement.FromDouble(_scratch.Own[i]);
            Check(i, hasDigits);
        }
    }

    /// <summary>Clears the gradient of a row without weight, and lists a row whose gradient lacks digits.</summary>
    private void Check(int i, bool hasDigits)
    {
        if (!_isPlain && _scratch.Weight[i] == 0) _scores.Gradient!.Clear(_scratch.Index[i] * _classes, _classes);
        else if (!hasDigits || _scratch.Lost[i] != 0) WithoutGradient.Add(_scratch.Index[i]);
    }

    /// <summary>Adds the rows of the block to the metrics, except for the declined ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void Tally(MetricsSum tally)
    {
        Span<double> confidences = stackalloc double[SoftmaxScratch.Rows], outcomes = stackalloc double[SoftmaxScratch.Rows];
        Span<double> surprises = stackalloc double[SoftmaxScratch.Rows];
        Span<int> ranks = stackalloc int[SoftmaxScratch.Rows];
        var (count, hits) = (0, 0);
        var confidence = Vector256<double>.Zero;
        for (var i = 0; i < _count; i++)
        {
            if (i % Lanes.Width == 0) confidence = (Dd.One / (Dd.One + new Dd(Vector256.Load(_scratch.Rest + i)))).Hi;
            if (IsDeclined(i)) continue;
            var index = _scratch.Index[i];
            var before = ClassRank.CountBefore(_predictions + index * _classes, _classes, _scratch.Class[i]);
            var (weight, own) = (_samples[index], confidence[i % Lanes.Width]);
            if (weight == 1)
            {
                hits += before == 0 ? 1 : 0;
                (surprises[count], ranks[count]) = (_scratch.Surprise[i], before);
                (confidences[count], outcomes[count++]) = (own, before == 0 ? 1 : 0);
                continue;
            }
            tally.Add(weight, new(_scratch.Surprise[i]), before == 0, before);
            tally.AddToBin(weight, own, before == 0 ? 1 : 0);
        }
        if (count == 0) return;
        tally.AddUnweighted(surprises[..count], hits, confidences[..count], outcomes[..count]);
        tally.AddRanks(ranks[..count]);
    }

    private void ClearGradients()
    {
        for (var i = 0; i < _count; i++) _scores.Gradient!.Clear(_scratch.Index[i] * _classes, _classes);
    }

    private bool IsDeclined(int i) => !LacksLossAlone(i)
        && (!double.IsFinite(_scratch.Loss[i]) || (!_targets.AreRows && !double.IsFinite(_scratch.Surprise[i])));

    /// <summary>Whether a power multiplies errors so much that the loss lacks digits, but not the gradient.</summary>
    private bool LacksLossAlone(int i) => _loss.ErrorFactor is > 0 and < MaxErrorFactor
        && double.IsNaN(_scratch.Loss[i]) && double.IsFinite(_scratch.Surprise[i]);

    /// <summary>Declines the rows whose results are no numbers, or infinite by overflow: the formula overwrites them.</summary>
    private void Decline()
    {
        for (var i = 0; i < _count; i++)
        {
            if (LacksLossAlone(i))
            {
                WithoutLoss.Add(_scratch.Index[i]);
                (_scratch.Loss[i], _scratch.Low[i]) = (0, 0);
            }
            if (!IsDeclined(i)) continue;
            // where a difference of finite parts lacks digits, the gradient does not depend on it
            if (_loss.SubtractsEntropy && _targets.AreRows && double.IsFinite(_scratch.Surprise[i]))
            {
                if (TryDiverge(i)) continue;
                WithoutLoss.Add(_scratch.Index[i]);
            }
            else
            {
                Declined.Add(_scratch.Index[i]);
                _scratch.Lost[i] = 0;
            }
            (_scratch.Loss[i], _scratch.Low[i]) = (0, 0);
        }
    }

    /// <summary>Finds the loss of a row that is no difference; false where it may lack digits.</summary>
    private bool TryDiverge(int i)
    {
        if (_divergence is null) return false;
        var value = new Dd(_divergence.Find(_scratch, i, _targets.Row(i), _e + i * _padded));
        if (!_isPlain) value = value * _loss.Factor * Vector256.Create(_scratch.Weight[i]);
        if (!double.IsFinite(value.ToScalar())) return false;
        (_scratch.Loss[i], _scratch.Low[i]) = (value.Hi[0], value.Lo[0]);
        return true;
    }
}
