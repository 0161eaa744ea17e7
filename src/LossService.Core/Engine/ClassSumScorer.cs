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
/// Scores a row of logits in plain double as <see cref="PlainScorer"/> does, but a sum over the classes, by loops that read logits and
/// labels as they are stored.
/// </summary>
internal sealed unsafe class ClassSumScorer(Batch batch, CategoricalFormula formula, PlainTargets targets, double[] classWeight,
    SampleWeights weights, RowLosses losses, Scores scores)
{
    private readonly int _classes = batch.Predictions.Shape.Last;
    private readonly Tensor _predictions = batch.Predictions;
    private readonly ExponentialScale _scale = new(batch.Options.Get(SharedOptions.Temperature));
    private readonly BiasedSoftmax? _biased =
        batch.Options.Has(SharedOptions.LogitBias) ? new(batch.Options.Get(SharedOptions.Temperature), ClassBias.Read(batch)) : null;

    // as the loops read them
    private readonly bool _areStored = batch.Predictions.DType == DType.Float32 && !batch.Options.Has(SharedOptions.LogitBias);

    /// <summary>Whether rows of a batch are scored by this.</summary>
    public static bool Serves(Batch batch, CategoricalFormula formula) =>
        PlainScorer.Serves(batch, formula) && formula.IsSumOverClasses;

    /// <summary>Scores a row, and returns what is left of the work.</summary>
    /// <param name="index">The row's number.</param>
    /// <param name="work">Its loss, its gradient and its metrics.</param>
    /// <param name="scratch">Working memory.</param>
    /// <param name="sum">Receives the loss.</param>
    /// <param name="tally">The metrics.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public RowWork Score(long index, RowWork work, CategoricalScratch scratch, ExactSum sum, MetricsSum? tally)
    {
        var target = new RowTarget(TargetRows.Soft) { IsExact = true };
        var stored = !_areStored || losses.WeighClasses ? null : targets.FindStored(index);
        if (!_areStored || targets.AreSmoothed) ReadLogits(index, scratch.Z);
        if (stored == null)
        {
            target = targets.Read(index, scratch);
            if (!targets.TrySmooth(target, scratch)) return work;
        }
        var row = scratch.Row(TargetRows.Soft, sumsToOne: true, PlainDouble.Zero, classWeight);
        fixed (double* z = row.Z, e = row.P.Hi, t = targets.Find(scratch).Hi, w = classWeight, u = row.LogPDerivative.Hi, sizes = row.Size)
        {
            var classes = new PlainClasses
            {
                Count = row.P.Length,
                Logits = _areStored ? (StoredFloat32*)_predictions.Data + index * _classes : z,
                Exponentials = e,
                Targets = stored == null ? t : stored,
                Weights = w,
                Derivatives = u,
                Sizes = sizes,
                HasDoubles = !_areStored,
                HasDoubleTargets = stored == null,
                HasExactTarget = !targets.AreSmoothed && target.IsExact,
            };
            var isDefined = _areStored
                ? TryExponentiate((StoredFloat32*)classes.Logits, e, out var softmax)
                : _biased is null ? TryExponentiate((StoredFloat64*)z, e, out softmax) : TryExponentiate(_biased, z, e, out softmax);
            if (!isDefined) return work;
            if ((work & RowWork.Metrics) != 0 && tally is not null && TryTally(tally, index, target, softmax, classes, scratch))
                work &= ~RowWork.Metrics;
            return (work & ~RowWork.Metrics) == RowWork.None
                ? work
                : Score(index, work, target, softmax, classes, scratch, sum) | (work & RowWork.Metrics);
        }
    }

    /// <summary>Stores the exponentials of logits; false where the largest is infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryExponentiate<TLogit>(TLogit* z, double* e, out PlainSoftmax softmax) where TLogit : unmanaged, IStoredFloat<TLogit>
    {
        softmax = default;
        var (min, max) = TLogit.FindMinMax(z, _classes);
        if (!double.IsFinite(max)) return false;
        var rest = SoftmaxKernel<TLogit>.StoreExponentials(z, _classes, min, max, _scale, e);
        softmax = new(Vector256.Create(rest), Vector256.Create(max), 1 / _scale.Temperature);
        return true;
    }

    /// <summary>The same with a bias; z/T + b, less the largest, takes the place of the logits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryExponentiate(BiasedSoftmax biased, double* z, double* e, out PlainSoftmax softmax)
    {
        var rest = BiasedSoftmax.StoreExponentials(z, e, _classes, biased.Find((StoredFloat64*)z, _classes, z, e));
        softmax = new(Vector256.Create(rest), Vector256<double>.Zero, 1);
        return !double.IsNaN(rest);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private RowWork Score(long index, RowWork work, in RowTarget target, in PlainSoftmax softmax, PlainClasses classes,
        CategoricalScratch scratch, ExactSum sum)
    {
        var sums = default(PlainSums);
        FindWinner(classes, softmax, ref sums);
        StoredFloat32* logits = stackalloc StoredFloat32[Lanes.Width], labels = stackalloc StoredFloat32[Lanes.Width];
        var last = TakeLast(ref classes, logits, labels);
        formula.AddUp(classes, softmax, ref sums);
        if (last.Count > 0) formula.AddUp(last, softmax, ref sums);

        var surplus = classes.HasDoubleTargets ? targets.GetSurplus(target, scratch)
            : targets.ReadSurplus ? TargetSum.GetSurplus((StoredFloat32*)classes.Targets, _classes) : 0;
        var value = formula.AddSurplus(Dd.SumOfLanes(sums.Total), new Dd(surplus));
        // smoothing rounds each t
        if (!PlainScore.HasDigits(value, Vector256.Sum(sums.Size), target.IsPlain || targets.AreSmoothed)) return work;
        var scale = losses.GetScale(index, target.Hard, scratch.Y);
        if ((work & RowWork.Loss) != 0) losses.Add(index, value, scale, sum);
        if ((work & RowWork.Gradient) == 0 || scores.Gradient is not { } gradient) return RowWork.None;
        var factor = losses.GetGradientScale(scale).ToScalar();
        if (factor == 0)
        {
            gradient.Clear(index * _classes, _classes);
            return RowWork.None;
        }
        sums.Derivative = Vector256.Create(Vector256.Sum(sums.Derivative));
        sums.DerivativeSize = Vector256.Create(Vector256.Sum(sums.DerivativeSize));
        var factors = Vector256.Create(factor * (1 / _scale.Temperature));
        var stored = gradient.DType == DType.Float32 ? (StoredFloat32*)gradient.Data + index * _classes : null;
        var lacking = formula.Differentiate(classes, softmax, sums, factors, stored);
        if (last.Count > 0) lacking |= formula.Differentiate(last, softmax, sums, factors, null);
        if (lacking.ExtractMostSignificantBits() != 0) return RowWork.Gradient;
        if (stored == null) gradient.Write(index * _classes, new(classes.Exponentials, _classes));
        else for (var c = classes.Count; c < _classes; c++) stored[c] = StoredFloat32.FromDouble(classes.Exponentials[c]);
        return RowWork.None;
    }

    /// <summary>Adds a row to the metrics; false where they need more than what has been read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryTally(MetricsSum tally, long index, in RowTarget target, in PlainSoftmax softmax, in PlainClasses classes,
        CategoricalScratch scratch)
    {
        if (tally.NeedsRows || targets.AreSmoothed) return false;
        if (!classes.HasDoubleTargets)
        {
            // bits are searched faster than numbers; the largest t is above 0, so that they are equal where it is
            var most = BitConverter.SingleToInt32Bits((float)MinMax.Find((float*)classes.Targets, _classes).Max);
            var largest = new ReadOnlySpan<int>(classes.Targets, _classes).IndexOf(most);
            return TryTally<StoredFloat32, StoredFloat32>(tally, index, softmax, classes, largest);
        }
        var label = targets.FindLabel(index, target, scratch);
        return classes.HasDoubles
            ? TryTally<StoredFloat64, StoredFloat64>(tally, index, softmax, classes, label)
            : TryTally<StoredFloat32, StoredFloat64>(tally, index, softmax, classes, label);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryTally<TLogit, TTarget>(MetricsSum tally, long index, in PlainSoftmax softmax, in PlainClasses classes, int label)
        where TLogit : unmanaged, IStoredFloat<TLogit>
        where TTarget : unmanaged, IStoredFloat<TTarget>
    {
        var z = (TLogit*)classes.Logits;
        var (gaps, share) = SoftmaxKernel<TLogit>.SumGaps(z, _classes, softmax.Max[0], (TTarget*)classes.Targets);
        var crossEntropy = softmax.GetCrossEntropy(gaps, share);
        // 0 times an infinite logit
        if (double.IsNaN(crossEntropy)) return false;
        var before = ClassRank.CountBefore(z, _classes, label);
        tally.Add(weights[index], new Dd(crossEntropy), before == 0, before);
        tally.AddToBin(weights[index], softmax.OfLargest[0], before == 0 ? 1 : 0);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FindWinner(in PlainClasses classes, in PlainSoftmax softmax, ref PlainSums sums)
    {
        var largest = classes.HasDoubles ? MinMax.IndexOf(classes.Exponentials, _classes, 1)
            : MinMax.IndexOf((float*)classes.Logits, _classes, (float)softmax.Max[0]);
        var t = classes.HasDoubleTargets ? ((double*)classes.Targets)[largest] : ((float*)classes.Targets)[largest];
        var own = softmax.ReadLargest(Vector256.Create(t), classes.HasExactTarget);
        own.W = PlainDouble.Of(classes.Weights == null ? 1 : classes.Weights[largest]);
        formula.FindWinner(own, ref sums);
    }

    /// <summary>Leaves whole vectors, and returns the classes after them, padded: there may be no more memory to read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private PlainClasses TakeLast(ref PlainClasses classes, StoredFloat32* logits, StoredFloat32* labels)
    {
        var last = classes;
        var first = _classes & -Lanes.Width;
        classes.Count = first;
        last.Count = first == _classes ? 0 : Lanes.Width;
        last.Exponentials += first;
        last.Derivatives += first;
        last.Sizes += first;
        if (last.Weights != null) last.Weights += first;
        last.Logits = classes.HasDoubles
            ? (double*)classes.Logits + first
            : Pad((StoredFloat32*)classes.Logits + first, logits, float.NegativeInfinity);
        last.Targets = classes.HasDoubleTargets
            ? (double*)classes.Targets + first
            : Pad((StoredFloat32*)classes.Targets + first, labels, 0);
        return last;
    }

    private StoredFloat32* Pad(StoredFloat32* from, StoredFloat32* to, float padding)
    {
        for (var c = 0; c < Lanes.Width; c++) to[c] = c < _classes % Lanes.Width ? from[c] : new(padding);
        return to;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ReadLogits(long index, Span<double> z)
    {
        _predictions.Read(index * _classes, z[.._classes]);
        z[_classes..].Fill(double.NegativeInfinity);
    }
}
