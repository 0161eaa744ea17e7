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
/// The one loop of every binary loss, eight elements at a time: read → link (p, 1 − p and their logs) → target (smoothed) →
/// formula (value, derivatives) → link (gradient) → write. An element's results depend on that element and the options only.
/// </summary>
internal sealed class BinaryPass<TFormula> : IDisposable where TFormula : struct, IElementFormula
{
    /// <summary>The elements read and written at once; a multiple of the lanes, small enough for the first-level cache.</summary>
    private const int Block = 256;

    /// <summary>Each thread keeps its working memory, so that a small batch allocates none.</summary>
    [ThreadStatic]
    private static Scratch? s_scratch;

    private readonly TFormula _formula;
    private readonly Batch _batch;
    private readonly BinaryLink _link;
    private readonly Tensor _labels;
    private readonly double[] _posWeight;
    private readonly double _smoothing;
    private readonly Dd _unit = new(1);
    private readonly bool _needsProbability;
    private readonly bool _wantsMore;
    private readonly bool _calibratesPositive;
    private readonly bool _hasKernel;
    private readonly double _kernelScale;
    private readonly LogisticBlock? _block;

    public BinaryPass(TFormula formula, double[] positiveWeights, Batch batch, CancellationToken cancellation)
    {
        _formula = formula;
        _batch = batch;
        _labels = batch.Labels!;
        var (predictions, options) = (batch.Predictions, batch.Options);
        _link = new(batch.Form, options.Get(SharedOptions.Temperature), options.Get(SharedOptions.Clip));
        _smoothing = options.Get(SharedOptions.LabelSmoothing);
        _calibratesPositive = options.Get(SharedOptions.Calibration) == SharedOptions.CalibrationPositive;
        _posWeight = positiveWeights;
        if (batch.Unit == Unit.Bits) _unit = Dd.One / Dd.Ln2;
        _wantsMore = batch.Wants(OutputSet.Probabilities | OutputSet.LogProbabilities | OutputSet.Entropy | OutputSet.Metrics);
        _needsProbability = !TFormula.IsOnLogits || _wantsMore;

        Weights = new(batch, predictions.Count, null, cancellation);
        _hasKernel = TFormula.IsLogistic && batch is { Form: PredictionForm.Logits, Unit: Unit.Nats }
            && _smoothing == 0 && options.Get(SharedOptions.Temperature) == 1;
        _kernelScale = Weights.IsNothing ? 0 : 1 / Weights.Divisor;
        // the block kernel does not handle an infinite loss of weight 0, which is 0
        if (_hasKernel && batch.StoredDType == predictions.DType && Weights.ArePlain
            && _posWeight is [> 0] && !_wantsMore && !batch.Wants(OutputSet.Predictions))
            _block = LogisticBlocks.For(predictions.DType, _labels.DType);
        Scores = new(batch.Asked, batch.StoredDType, predictions.Shape, predictions.Shape, batch.Memory);
    }

    /// <summary>The kept elements and their weights.</summary>
    public SampleWeights Weights { get; }

    /// <summary>The results.</summary>
    public Scores Scores { get; }

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();

    /// <summary>The bytes of working memory that a batch needs: of its weights, since blocks of elements are small.</summary>
    public static long CountBytes(Batch batch) => batch.SampleWeight is null ? 0 : sizeof(double) * batch.Predictions.Count;

    /// <summary>Makes an empty sum of the metrics.</summary>
    public MetricsSum NewTally() => new([], _batch.Options.Get(SharedOptions.Bins), _batch.Options.Get(SharedOptions.Calibration));

    /// <summary>Scores the elements from <paramref name="start"/> to before <paramref name="end"/>, adding to the sums.</summary>
    public void Run(long start, long end, ExactSum sum, MetricsSum? tally, CancellationToken cancellation)
    {
        var scratch = s_scratch ?? new();
        s_scratch = null;
        int count;
        for (var block = start; block < end; block += count)
        {
            cancellation.ThrowIfCancellationRequested();
            count = (int)long.Min(Block, end - block);
            if (_block is not null && count >= DdRow.Width)
            {
                count &= -DdRow.Width;
                if (TryBlock(block, count, scratch, sum)) continue;
            }
            Load(block, count, scratch);
            scratch.HasLow = !_hasKernel;
            if (_hasKernel) ScoreByKernel(count, scratch);
            else for (var i = 0; i < count; i += DdRow.Width) ScoreLanes(i, scratch);
            if (tally is not null) Tally(tally, block, count, scratch);
            Store(block, count, scratch, sum);
        }
        s_scratch = scratch;
    }

    /// <summary>Scores a block from tensor to tensor by the kernel; false where a label is soft.</summary>
    private unsafe bool TryBlock(long block, int count, Scratch scratch, ExactSum sum)
    {
        var (z, gradient) = (_batch.Predictions, Scores.Gradient);
        fixed (double* losses = scratch.ValueHi)
        {
            var to = gradient is null ? null : gradient.At(block);
            if (!_block!(z.At(block), _labels.At(block), count, _posWeight[0], _kernelScale, losses, to)) return false;
        }
        sum.Add(scratch.ValueHi.AsSpan(0, count));
        Scores.Losses?.Write(block, scratch.ValueHi.AsSpan(0, count));
        return true;
    }

    /// <summary>
    /// Reads a block. An element that is not kept gets weight 0 and label 0; of a masked one, the prediction is not read either.
    /// </summary>
    private void Load(long block, int count, Scratch scratch)
    {
        scratch.Posted.AsSpan().Fill(0.5);
        scratch.Label.AsSpan().Clear();
        scratch.Weight.AsSpan().Clear();
        _batch.Predictions.Read(block, scratch.Posted.AsSpan(0, count));
        _labels.Read(block, scratch.Label.AsSpan(0, count));
        if (_posWeight.Length == 1) scratch.PosWeight.AsSpan().Fill(_posWeight[0]);
        else for (var i = 0; i < count; i++) scratch.PosWeight[i] = _posWeight[(block + i) % _posWeight.Length];

        if (Weights.ArePlain)
        {
            scratch.Weight.AsSpan(0, count).Fill(1);
            return;
        }
        for (var i = 0; i < count; i++)
        {
            if (Weights.Kept.Contains(block + i)) scratch.Weight[i] = Weights[block + i];
            else (scratch.Posted[i], scratch.Label[i]) = (Weights.Kept.IsMasked(block + i) ? double.NaN : scratch.Posted[i], 0);
        }
    }

    /// <summary>Scores a block by the kernel; elements with a soft label, and outputs that the kernel lacks, by the formula.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScoreByKernel(int count, Scratch scratch)
    {
        var scale = Vector512.Create(_kernelScale);
        for (var i = 0; i < count; i += DdRow.Width)
        {
            var t = Vector512.LoadUnsafe(ref scratch.Label[i]);
            var isPositive = Vector512.Equals(t, Vector512<double>.One);
            var isHard = isPositive | Vector512.Equals(t, Vector512<double>.Zero);
            var z = Vector512.LoadUnsafe(ref scratch.Posted[i]);
            var kernel = new LogisticKernel(z, LogisticKernel.Exponential(z), isPositive);
            var weight = Vector512.LoadUnsafe(ref scratch.Weight[i])
                * Vector512.ConditionalSelect(isPositive, Vector512.LoadUnsafe(ref scratch.PosWeight[i]), Vector512<double>.One);
            // an infinite loss of weight 0 is 0, and an element that is not kept may be NaN
            var hasNoWeight = Vector512.Equals(weight, Vector512<double>.Zero);
            var loss = Vector512.AndNot(kernel.Loss * weight, hasNoWeight);
            var gradient = Vector512.AndNot(
                kernel.Derivative * (weight * Vector512.ConditionalSelect(isPositive, -scale, scale)), hasNoWeight);

            var low = Vector512<double>.Zero;
            if (_wantsMore || !Vector512.EqualsAll(isHard.AsInt64(), Vector512<long>.AllBitsSet))
            {
                ScoreLanes(i, scratch);
                loss = Vector512.ConditionalSelect(isHard, loss, Vector512.LoadUnsafe(ref scratch.ValueHi[i]));
                low = Vector512.AndNot(Vector512.LoadUnsafe(ref scratch.ValueLo[i]), isHard);
                gradient = Vector512.ConditionalSelect(isHard, gradient, Vector512.LoadUnsafe(ref scratch.Gradient[i]));
                scratch.HasLow = true;
            }
            loss.StoreUnsafe(ref scratch.ValueHi[i]);
            low.StoreUnsafe(ref scratch.ValueLo[i]);
            gradient.StoreUnsafe(ref scratch.Gradient[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScoreLanes(int i, Scratch scratch)
    {
        var posted = Vector512.LoadUnsafe(ref scratch.Posted[i]);
        var weight = new Dd(Vector512.LoadUnsafe(ref scratch.Weight[i]));
        var t = new Dd(Vector512.LoadUnsafe(ref scratch.Label[i]));
        if (_smoothing != 0) t = t * (Dd.One - new Dd(_smoothing)) + new Dd(_smoothing / 2);
        var e = _link.Fill(posted, _needsProbability) with { T = t, PosWeight = Vector512.LoadUnsafe(ref scratch.PosWeight[i]) };
        var terms = _formula.At(e);
        var scale = weight * _unit;
        var nothing = weight.IsZero;
        scratch.Value(i, Dd.Select(nothing, Dd.Zero, terms.Value * scale));
        if (Scores.Gradient is not null)
        {
            var g = _link.Backward(posted, e, terms, TFormula.IsOnLogits) * (scale / new Dd(Weights.Divisor));
            if (Weights.IsNothing) nothing = Vector512<double>.AllBitsSet;
            Dd.Select(nothing, Dd.Zero, g).Round().StoreUnsafe(ref scratch.Gradient[i]);
        }
        if (!_wantsMore) return;
        e.P.Round().StoreUnsafe(ref scratch.P[i]);
        e.LogP.Round().StoreUnsafe(ref scratch.LogP[i]);
        var entropy = Dd.XLogY(e.P, e.LogP) + Dd.XLogY(e.Q, e.LogQ);
        (-entropy * _unit).Round().StoreUnsafe(ref scratch.Entropy[i]);
        var label = new Dd(Vector512.LoadUnsafe(ref scratch.Label[i]));
        (-(Dd.XLogY(label, e.LogP) + Dd.XLogY(Dd.One - label, e.LogQ))).Round().StoreUnsafe(ref scratch.CrossEntropy[i]);
    }

    private void Store(long block, int count, Scratch scratch, ExactSum sum)
    {
        sum.Add(scratch.ValueHi.AsSpan(0, count));
        if (scratch.HasLow) sum.Add(scratch.ValueLo.AsSpan(0, count));
        Scores.Losses?.Write(block, scratch.ValueHi.AsSpan(0, count));
        Scores.Gradient?.Write(block, scratch.Gradient.AsSpan(0, count));
        if (Scores.Predictions is not null)
        {
            for (var i = 0; i < count; i++)
                scratch.Class[i] = double.IsNaN(scratch.Posted[i]) ? -1 : IsPositive(scratch.Posted[i]) ? 1 : 0;
        }
        if (_wantsMore && !Weights.ArePlain)
        {
            ResultNaN.Unify(scratch.P.AsSpan(0, count));
            ResultNaN.Unify(scratch.LogP.AsSpan(0, count));
            ResultNaN.Unify(scratch.Entropy.AsSpan(0, count));
        }
        Scores.Probabilities?.Write(block, scratch.P.AsSpan(0, count));
        Scores.LogProbabilities?.Write(block, scratch.LogP.AsSpan(0, count));
        Scores.Entropy?.Write(block, scratch.Entropy.AsSpan(0, count));
        Scores.Predictions?.Write(block, scratch.Class.AsSpan(0, count));
    }

    private void Tally(MetricsSum tally, long block, int count, Scratch scratch)
    {
        for (var i = 0; i < count; i++)
        {
            if (!Weights.Kept.Contains(block + i)) continue;
            var (p, positive) = (scratch.P[i], IsPositive(scratch.Posted[i]));
            var isHit = positive == scratch.Label[i] > 0.5;
            var (confidence, outcome) = _calibratesPositive ? (p, scratch.Label[i]) : (positive ? p : 1 - p, isHit ? 1 : 0);
            tally.Add(Weights[block + i], new Dd(scratch.CrossEntropy[i]), isHit, isHit ? 0 : 1);
            tally.AddToBin(Weights[block + i], confidence, outcome);
        }
    }

    private bool IsPositive(double posted) => posted > (_batch.Form == PredictionForm.Logits ? 0 : 0.5);

    /// <summary>The values of one block.</summary>
    private sealed class Scratch
    {
        /// <summary>Whether any value has a low part.</summary>
        public bool HasLow;

        public readonly double[] Posted = new double[Block];
        public readonly double[] Label = new double[Block];
        public readonly double[] Weight = new double[Block];
        public readonly double[] PosWeight = new double[Block];
        public readonly double[] ValueHi = new double[Block];
        public readonly double[] ValueLo = new double[Block];
        public readonly double[] Gradient = new double[Block];
        public readonly double[] P = new double[Block];
        public readonly double[] LogP = new double[Block];
        public readonly double[] Entropy = new double[Block];
        public readonly double[] CrossEntropy = new double[Block];
        public readonly double[] Class = new double[Block];

        public void Value(int i, Dd value)
        {
            value.Hi.StoreUnsafe(ref ValueHi[i]);
            value.Lo.StoreUnsafe(ref ValueLo[i]);
        }
    }
}
