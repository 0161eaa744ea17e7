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
/// Scores a row of logits in plain double, for results of 24 bits or fewer, by the softmax kernel's exponentials. Where cancellation may
/// cost a result its digits, it says so, and the row is scored again with more of them: the row alone decides.
/// </summary>
internal sealed class PlainScorer(Batch batch, CategoricalFormula formula, PlainTargets targets, double[] classWeight, RowLosses losses,
    RowOutputs outputs, Scores scores)
{
    private readonly int _classes = batch.Predictions.Shape.Last;
    private readonly ExponentialScale _scale = new(batch.Options.Get(SharedOptions.Temperature));
    private readonly BiasedSoftmax? _biased =
        batch.Options.Has(SharedOptions.LogitBias) ? new(batch.Options.Get(SharedOptions.Temperature), ClassBias.Read(batch)) : null;

    // the other formulas' second derivatives may be small differences
    private readonly bool _hasHessian = formula.IsCrossEntropy || formula.IsRelativeEntropy;

    /// <summary>Whether the arithmetic has the digits of a batch's results, and the formula is written for it.</summary>
    public static bool Serves(Batch batch, CategoricalFormula formula) => batch.UsesKernels && batch.StoredDType != DType.Float64
        && batch.Form == PredictionForm.Logits && formula.IsGeneric && formula.ErrorFactor == 0 && formula.LogSumExpSquared == 0;

    /// <summary>Whether it writes z/T + b, less the largest, over the logits that it scores.</summary>
    public bool ReplacesLogits => _biased is not null;

    /// <summary>Does the work on a row whose predictions and label have been read, and returns what is left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public RowWork Score(long index, RowWork work, in RowTarget target, CategoricalScratch scratch, ExactSum sum, MetricsSum? tally)
    {
        var hard = target.Hard;
        if (!targets.TrySmooth(target, scratch)) return work;
        var surplus = targets.GetSurplus(target, scratch);
        var row = scratch.Row(targets.AreSmoothed ? TargetRows.Soft : hard, sumsToOne: true, PlainDouble.Of(surplus), classWeight);
        row.T = targets.Find(scratch);
        row.HasExactTarget = !targets.AreSmoothed && target.IsExact;

        var describes = (work & (RowWork.Description | RowWork.Metrics)) != 0;
        var softmax = default(PlainSoftmax);
        if (!formula.IsOnLogits || describes)
        {
            softmax = new(row, _scale, _biased);
            if (!softmax.IsDefined) return work;
        }
        var left = work & RowWork.Hessian;
        if (left != RowWork.None && _hasHessian)
        {
            left = RowWork.None;
            WriteHessian(scores.Hessian!, index, row, softmax, losses.GetGradientScale(losses.GetScale(index, hard, scratch.Y)), scratch);
        }
        if ((work & (RowWork.Loss | RowWork.Gradient)) != 0) left |= Score(index, work, target, row, softmax, scratch, sum);
        if (!describes) return left;
        softmax.Distribute(row);
        outputs.Add(index, work, hard, row, scratch.Y, tally);
        return left;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private RowWork Score(long index, RowWork work, in RowTarget target, in CategoricalRow<PlainDouble> row, in PlainSoftmax softmax,
        CategoricalScratch scratch, ExactSum sum)
    {
        var score = formula.Score(row, softmax);
        // smoothing rounds each t
        if (!PlainScore.HasDigits(score.Value, score.Size, target.IsPlain || targets.AreSmoothed))
            return work & (RowWork.Loss | RowWork.Gradient);
        var scale = losses.GetScale(index, target.Hard, scratch.Y);
        if ((work & RowWork.Loss) != 0) losses.Add(index, score.Value, scale, sum);
        if ((work & RowWork.Gradient) == 0 || scores.Gradient is not { } gradient) return RowWork.None;
        return WriteGradient(gradient, index, row, softmax, score, losses.GetGradientScale(scale).ToScalar(), scratch.Result)
            ? RowWork.None
            : RowWork.Gradient;
    }

    /// <summary>Σwt·p·(1 − p)·scale/T², a product without differences.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WriteHessian(Tensor hessian, long index, in CategoricalRow<PlainDouble> row, in PlainSoftmax softmax, Dd scale,
        CategoricalScratch scratch)
    {
        if (scale.ToScalar() == 0)
        {
            hessian.Clear(index * _classes, _classes);
            return;
        }
        var total = Vector256<double>.Zero;
        for (var c = 0; c < row.T.Length; c += Lanes.Width)
        {
            var t = row.T[c].Round();
            total += row.ClassWeight.IsEmpty ? t : t * Vector256.Create(row.ClassWeight[c..]);
        }
        var p = softmax.Spread<PlainDouble>(row.HasExactTarget);
        var result = scratch.Result;
        var factor = PlainDouble.Of(Vector256.Sum(total) / _scale.Temperature / _scale.Temperature) * PlainDouble.Of(scale.ToScalar());
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            var exponential = row.P[c];
            var probability = p.GetP(exponential);
            (probability * p.GetQ(exponential, probability) * factor).StoreNearest(ref result[c]);
        }
        hessian.Write(index * _classes, result[.._classes]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe bool WriteGradient(Tensor gradient, long index, in CategoricalRow<PlainDouble> row, in PlainSoftmax softmax,
        in PlainScore score, double scale, Span<double> result)
    {
        if (scale == 0)
        {
            gradient.Clear(index * _classes, _classes);
            return true;
        }
        if (!formula.IsOnLogits) scale *= 1 / _scale.Temperature;
        if (gradient.DType == DType.Float32) return Find(row, softmax, score, scale, (StoredFloat32*)gradient.Data + index * _classes);
        bool hasDigits;
        fixed (double* doubles = result) hasDigits = Find(row, softmax, score, scale, (StoredFloat64*)doubles);
        if (hasDigits) gradient.Write(index * _classes, result[.._classes]);
        return hasDigits;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe bool Find<TElement>(in CategoricalRow<PlainDouble> row, in PlainSoftmax softmax, in PlainScore score,
        double scale, TElement* gradient) where TElement : unmanaged, IStoredFloat<TElement>
    {
        if (!formula.IsOnLogits) return Combine(row, softmax, score, scale, gradient);
        Scale(row, scale, gradient);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static unsafe void Scale<TElement>(in CategoricalRow<PlainDouble> row, double scale, TElement* gradient)
        where TElement : unmanaged, IStoredFloat<TElement>
    {
        ref var derivatives = ref MemoryMarshal.GetReference(row.LogPDerivative.Hi);
        var factor = Vector256.Create(scale);
        var whole = row.Classes & -Lanes.Width;
        for (var c = 0; c < whole; c += Lanes.Width)
            TElement.Store(Vector256.LoadUnsafe(ref derivatives, (nuint)c) * factor, gradient + c);
        for (var c = whole; c < row.Classes; c++) gradient[c] = TElement.FromDouble(Unsafe.Add(ref derivatives, c) * scale);
    }

    /// <summary><see cref="SoftmaxLanes{TNumber}.Backward"/>·scale, of each class.</summary>
    /// <returns>Whether every element has the digits of a float32, so that it is no small difference of large numbers.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe bool Combine<TElement>(in CategoricalRow<PlainDouble> row, in PlainSoftmax softmax, in PlainScore score,
        double scale, TElement* gradient) where TElement : unmanaged, IStoredFloat<TElement>
    {
        var (done, hasDigits) = (0, true);
        if (Lanes.HasMost) done = Combine<TElement, PlainEight>(row, softmax, score, scale, gradient, 0, ref hasDigits);
        Combine<TElement, PlainDouble>(row, softmax, score, scale, gradient, done, ref hasDigits);
        return hasDigits;
    }

    /// <summary>Does the classes from <paramref name="start"/> on, in eight lanes as far as there are eight.</summary>
    /// <returns>The first class that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static unsafe int Combine<TElement, TNumber>(in CategoricalRow<PlainDouble> row, in PlainSoftmax softmax,
        in PlainScore score, double scale, TElement* gradient, int start, ref bool hasDigits)
        where TElement : unmanaged, IStoredFloat<TElement>
        where TNumber : struct, IPlainNumbers<TNumber>
    {
        var p = softmax.Spread<TNumber>(row.HasExactTarget);
        ref var e = ref MemoryMarshal.GetReference(row.P.Hi);
        ref var u = ref MemoryMarshal.GetReference(row.LogPDerivative.Hi);
        ref var sizes = ref MemoryMarshal.GetReference(row.Size);
        var (sum, all, factor) = (TNumber.Of(score.Derivative), TNumber.Of(score.DerivativeSize), TNumber.Of(scale));
        var least = TNumber.Of(SoftmaxKernel<TElement>.LeastPart);
        var lacks = TNumber.Zero;
        var last = stackalloc TElement[TNumber.Count];
        var end = TNumber.Count == Lanes.Width ? row.P.Length : row.Classes & -TNumber.Count;
        for (var c = start; c < end; c += TNumber.Count)
        {
            var exponential = TNumber.Load(ref Unsafe.Add(ref e, c));
            var own = TNumber.Load(ref Unsafe.Add(ref u, c));
            var probability = p.GetP(exponential);
            var g = SoftmaxLanes<TNumber>.Backward(probability, p.GetQ(exponential, probability), own,
                TNumber.Load(ref Unsafe.Add(ref sizes, c)), sum, all, out var size);
            lacks |= TNumber.LessThan(TNumber.Abs(g), size * least);
            g *= factor;
            lacks |= ~g.IsFinite;
            var rest = row.Classes - c;
            g.Store(rest < TNumber.Count ? last : gradient + c);
            if (rest < TNumber.Count) new Span<TElement>(last, rest).CopyTo(new(gradient + c, rest));
        }
        hasDigits &= TNumber.GetBits(lacks) == 0;
        return end;
    }
}
