using System.Runtime.CompilerServices;
using LossService.Core.Batches;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>
/// The one loop of every binary loss, a block of elements at a time: read → score → write. An element's results depend on that element
/// and the options only.
/// </summary>
internal sealed unsafe partial class BinaryPass<TFormula> : IDisposable where TFormula : struct, IElementFormula
{
    /// <summary>Each thread keeps its working memory, so that a small batch allocates none.</summary>
    [ThreadStatic]
    private static BinaryScratch? s_scratch;

    private readonly BinaryBlock<TFormula> _block;
    private readonly Batch _batch;
    private readonly Tensor _labels;
    private readonly double[] _posWeight;
    private readonly bool _isBiased;
    private readonly double[] _classWeight;
    private readonly bool _isWeighted;
    private readonly bool _isFloat64;
    private readonly bool _wantsMore;
    private readonly bool _hasLikelihoods;
    private readonly bool _judgesInKernel;
    private readonly bool _calibratesPositive;
    private readonly BinaryTarget _target;
    private readonly bool _isPlainWhereHard;
    private readonly bool _hasKernel;
    private readonly double _kernelScale;
    private readonly LogisticTargets _kernelTargets;
    private readonly bool _lossesAreCrossEntropies;
    private readonly LogisticElements<TFormula> _kernelElements;
    private readonly SquaredElements? _squaredElements;
    private readonly ElementScores _elementScores;
    private readonly LogisticBlock? _kernelBlock;
    private readonly TFormula _formula;
    private readonly int _columns;
    private readonly ElementHessian? _hessian;

    public BinaryPass(TFormula formula, double[] positiveWeights, Batch batch, CancellationToken cancellation)
    {
        _batch = batch;
        _labels = batch.Labels!;
        var (predictions, options) = (batch.Predictions, batch.Options);
        _calibratesPositive = options.Get(SharedOptions.Calibration) == SharedOptions.CalibrationPositive;
        _posWeight = positiveWeights;
        var temperature = options.Get(SharedOptions.Temperature);
        _isBiased = options.Has(SharedOptions.LogitBias);
        _elementScores = new(batch);
        _classWeight = options.Get(SharedOptions.ClassWeight) ?? [];
        _target = new(batch.LabelForm, batch.LabelTemperature);
        _hasLikelihoods = batch.Wants(OutputSet.Metrics) && HasLikelihoods(batch) && !_target.IsTeacher;
        _wantsMore = batch.Wants(OutputSet.Probabilities | OutputSet.LogProbabilities | OutputSet.Entropy | OutputSet.Metrics)
            && !_hasLikelihoods;

        Weights = new(
            batch, predictions.Count, _classWeight.Length == 0 ? null : (first, to) => ElementScores.Repeat(_classWeight, first, to),
            cancellation);
        _isWeighted = !Weights.ArePlain || _classWeight.Length > 0;
        _columns = CountColumns(batch);
        Tallies = new(batch, predictions.Count, _columns);
        Scores = new(batch.Asked, batch.StoredDType, predictions.Shape, predictions.Shape, batch.Memory);
        _block = new(formula, batch, Weights, _isWeighted, Scores.Gradient is not null, _wantsMore);
        _formula = formula;
        if (Scores.Hessian is not null) _hessian = new(batch, Weights);
        _isFloat64 = batch.StoredDType == DType.Float64;
        var smoothing = options.Get(SharedOptions.LabelSmoothing);
        var (takesAny, takesHard) = (TFormula.KernelLabels == LogisticLabels.Any, TFormula.KernelLabels != LogisticLabels.None);
        _kernelTargets = new(smoothing, (Dd.One - new Dd(smoothing)).Round()[0], areHard: _isFloat64 || !takesAny);
        _hasKernel = takesHard && !_target.IsTeacher && batch is { Form: PredictionForm.Logits, IsScaled: false }
            && (smoothing == 0 || !_kernelTargets.AreHard)
            // a subnormal exponential lacks digits, over a small temperature it is a usual float64; a square has more errors
            && (!_isFloat64 || (temperature >= 1 && takesAny));
        _isPlainWhereHard = TFormula.IsPlainWhereHard && batch.Form != PredictionForm.Logits && !_target.IsTeacher && smoothing == 0;
        _kernelScale = Weights.IsNothing ? 0 : 1 / (Weights.Divisor * temperature);
        _kernelElements = new(_elementScores.AreNeeded, _kernelScale, _kernelTargets);
        if (TFormula.KernelLabels == LogisticLabels.Hard && !_isFloat64 && !_target.IsTeacher
            && batch is { Form: PredictionForm.Logits, IsScaled: false })
            _squaredElements = new(_elementScores.AreNeeded, _kernelScale, smoothing, _isWeighted);
        _judgesInKernel = _hasLikelihoods && !CountsClasses(batch);
        // the losses of binary cross-entropy are the cross-entropies, but for their weights
        _lossesAreCrossEntropies = takesAny && smoothing == 0 && _posWeight is [1];
        if (_hasKernel && batch.StoredDType == predictions.DType && !_isWeighted
            && _posWeight is [_] && !_wantsMore
            && !batch.Wants(OutputSet.Predictions | OutputSet.Hessian))
            _kernelBlock = LogisticBlocks<TFormula>.For(predictions.DType, _labels.DType);
    }

    /// <summary>The kept elements and their weights.</summary>
    public SampleWeights Weights { get; }

    /// <summary>The results.</summary>
    public Scores Scores { get; }

    /// <summary>The metrics that are asked for.</summary>
    public TallyPlan Tallies { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Weights.Dispose();
        Tallies.Dispose();
    }

    /// <summary>The bytes of working memory that a batch needs: of its weights and metrics, since blocks of elements are small.</summary>
    public static long CountBytes(Batch batch) => (batch.SampleWeight is null ? 0 : sizeof(double) * batch.Predictions.Count)
        + TallyPlan.CountBytes(batch, batch.Predictions.Count, CountColumns(batch));

    /// <summary>Scores the elements from <paramref name="start"/> to before <paramref name="end"/>, adding to the sums.</summary>
    public void Run(long start, long end, ExactSum sum, MetricsSum? tally, CancellationToken cancellation)
    {
        var scratch = s_scratch ?? new();
        s_scratch = null;
        if (_posWeight.Length == 1) BinaryScratch.Span(scratch.PosWeight).Fill(_posWeight[0]);
        if (!_isWeighted) BinaryScratch.Span(scratch.Weight).Fill(1);
        var triesKernel = _kernelBlock is not null;
        int count;
        for (var block = start; block < end; block += count)
        {
            cancellation.ThrowIfCancellationRequested();
            count = (int)long.Min(BinaryScratch.Block, end - block);
            if (triesKernel && count >= Lanes.Width)
            {
                count &= -Lanes.Width;
                if (TryKernel(block, count, scratch, sum, tally)) continue;
                // where one label is soft, others are, too
                triesKernel = !_kernelTargets.AreHard;
            }
            Load(block, count, scratch);
            var taken = _hasKernel ? _kernelElements.Count(count, scratch) : 0;
            scratch.HasRest = false;
            if (taken < count || _wantsMore) Score(count, taken, scratch);
            if (taken > 0) _kernelElements.Score(count, scratch);
            if (taken > 0 && scratch.LostCount > 0) _block.ScoreLost(scratch);
            _hessian?.Find(_formula, scratch, count);
            if (tally is not null) Tally(tally, block, count, scratch);
            Write(block, count, scratch, sum);
        }
        s_scratch = scratch;
    }

    /// <summary>
    /// Scores a block from tensor to tensor by the kernel, which may find what metrics are made of, too; false where it does not take an
    /// element.
    /// </summary>
    private bool TryKernel(long block, int count, BinaryScratch scratch, ExactSum sum, MetricsSum? tally)
    {
        var (z, gradient) = (_batch.Predictions, Scores.Gradient);
        var to = gradient is null ? null : gradient.At(block);
        var scores = default(LogisticScores);
        if (_elementScores.AreNeeded)
        {
            z.Read(block, BinaryScratch.Span(scratch.Posted, count));
            _elementScores.Find(block, count, scratch);
            scores = new(scratch.Score, scratch.ScoreError);
        }
        var judges = _judgesInKernel && tally is not null;
        var crossEntropies = _lossesAreCrossEntropies ? null : scratch.CrossEntropy;
        var judgements = !judges ? default
            : new LogisticJudgements(scratch.P, scratch.Target, crossEntropies, _calibratesPositive);
        if (!_kernelBlock!(
            z.At(block), _labels.At(block), count, _kernelTargets, _posWeight[0], _kernelScale, scores, scratch.Value, to,
            ref judgements))
            return false;
        var values = BinaryScratch.Span(scratch.Value, count);
        if (judges)
        {
            tally!.AddUnweighted(crossEntropies == null ? values : BinaryScratch.Span(crossEntropies, count), judgements.Hits,
                BinaryScratch.Span(scratch.P, count), BinaryScratch.Span(scratch.Target, count), crossEntropies == null ? sum : null);
        }
        if (!judges || crossEntropies != null) sum.Add(values);
        if (!judges && tally is not null)
        {
            Read(block, count, scratch);
            Tally(tally, block, count, scratch);
        }
        Scores.Losses?.Write(block, BinaryScratch.Span(scratch.Value, count));
        return true;
    }

    /// <summary>
    /// Reads a block. An element that is not kept gets weight 0 and label 0; of a masked one, the prediction is not read either.
    /// </summary>
    private void Load(long block, int count, BinaryScratch scratch)
    {
        Read(block, count, scratch);
        for (var i = count; i % Lanes.Most != 0; i++) scratch.Weight[i] = 0;
        if (_posWeight.Length > 1) ElementScores.Repeat(_posWeight, block, BinaryScratch.Span(scratch.PosWeight, count));
        if (_isWeighted) LoadWeights(block, count, scratch);
        if (_elementScores.AreNeeded) _elementScores.Find(block, count, scratch);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Read(long block, int count, BinaryScratch scratch)
    {
        _batch.Predictions.Read(block, BinaryScratch.Span(scratch.Posted, count));
        _labels.Read(block, BinaryScratch.Span(scratch.Label, count));
        for (var i = count; i % Lanes.Most != 0; i++) (scratch.Posted[i], scratch.Label[i]) = (0.5, 0);
    }

    private void LoadWeights(long block, int count, BinaryScratch scratch)
    {
        Weights.Read(block, BinaryScratch.Span(scratch.Weight, count));
        if (_classWeight.Length > 0)
        {
            Span<double> weights = stackalloc double[count];
            ElementScores.Repeat(_classWeight, block, weights);
            for (var i = 0; i < count; i++) scratch.Weight[i] *= weights[i];
        }
        if (Weights.Kept.AreAll) return;
        for (var i = 0; i < count; i++)
        {
            if (Weights.Kept.Contains(block + i)) continue;
            (scratch.Weight[i], scratch.Label[i]) = (0, 0);
            if (Weights.Kept.IsMasked(block + i)) scratch.Posted[i] = double.NaN;
        }
    }

    private void Score(int count, int taken, BinaryScratch scratch)
    {
        if (_squaredElements is { } squares)
        {
            if (_wantsMore) _block.ScoreWide(scratch, count);
            if (taken == count) return;
            squares.Score(count, scratch);
            if (scratch.LostCount > 0) _block.ScoreLost(scratch);
            return;
        }
        // a formula on logits has no function and no difference of rounded numbers: doubles are enough for float64
        if (_isFloat64 && !TFormula.IsOnLogits) _block.ScoreWidest(scratch, count);
        else if (TFormula.IsPlain && !_target.IsTeacher && !(_isFloat64 && _wantsMore))
            _block.ScorePlain(scratch, count);
        else if (_isPlainWhereHard) _block.ScoreByLabel(scratch, count);
        else _block.ScoreWide(scratch, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Write(long block, int count, BinaryScratch scratch, ExactSum sum)
    {
        sum.Add(BinaryScratch.Span(scratch.Value, count));
        if (scratch.HasRest) sum.Add(BinaryScratch.Span(scratch.ValueRest, count));
        Scores.Losses?.Write(block, BinaryScratch.Span(scratch.Value, count));
        Scores.Gradient?.Write(block, BinaryScratch.Span(scratch.Gradient, count));
        Scores.Hessian?.Write(block, BinaryScratch.Span(scratch.Hessian, count));
        if (Scores.Predictions is not null)
        {
            for (var i = 0; i < count; i++)
                scratch.Class[i] = double.IsNaN(scratch.Posted[i]) ? -1 : IsPositive(scratch, i) ? 1 : 0;
            Scores.Predictions.Write(block, BinaryScratch.Span(scratch.Class, count));
        }
        if (!_wantsMore) return;
        if (!Weights.ArePlain)
        {
            ResultNaN.Unify(BinaryScratch.Span(scratch.P, count));
            ResultNaN.Unify(BinaryScratch.Span(scratch.LogP, count));
            ResultNaN.Unify(BinaryScratch.Span(scratch.Entropy, count));
        }
        Scores.Probabilities?.Write(block, BinaryScratch.Span(scratch.P, count));
        Scores.LogProbabilities?.Write(block, BinaryScratch.Span(scratch.LogP, count));
        Scores.Entropy?.Write(block, BinaryScratch.Span(scratch.Entropy, count));
    }

    private static int CountColumns(Batch batch) => batch.Predictions.Shape.Rank > 1 ? batch.Predictions.Shape.Last : 1;

    private bool IsPositive(BinaryScratch scratch, int i) => _batch.Form != PredictionForm.Logits ? scratch.Posted[i] > 0.5
        : _isBiased ? scratch.Score[i] > 0 : scratch.Posted[i] > 0;
}
