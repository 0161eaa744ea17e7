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
/// Scores a row of logits in sums of two doubles, for results of 53 bits, or of fewer where plain doubles lack digits. Where
/// cancellation or underflow may cost a result its digits, it says so, and the row is scored again in double-double: the row alone
/// decides.
/// </summary>
internal sealed class WideScorer(
    Batch batch, CategoricalFormula formula, TargetRows? labels, double[] classWeight, LogSumExpTerm logSumExp, RowLosses losses,
    RowOutputs outputs, Scores scores)
{
    /// <summary>Below this, what a result is multiplied from has a low part that underflows.</summary>
    private const double Tiny = 1e-280;

    private readonly int _classes = batch.Predictions.Shape.Last;
    private readonly double _temperature = batch.Options.Get(SharedOptions.Temperature);
    private readonly double[] _bias = ClassBias.Read(batch);
    private readonly Smoothing _smoothing = new(batch);
    private readonly TrueClassFormula? _ofTrueClass = formula.OfTrueClass;
    private readonly double[] _classFactor = formula.ClassFactor;

    /// <summary>Whether the arithmetic has the digits of a batch's results, and the formula is written for it.</summary>
    public static bool Serves(Batch batch, CategoricalFormula formula) => batch.UsesKernels && batch.Form == PredictionForm.Logits
        && (formula.IsWide || formula.OfTrueClass is not null);

    /// <summary>Whether it may write z/T + b, less the largest, over the logits that it scores.</summary>
    public bool ReplacesLogits => _bias.Length > 0;

    /// <summary>Does the work on a row whose predictions and label have been read, and returns what is left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public RowWork Score(long index, RowWork work, in RowTarget target, CategoricalScratch scratch, ExactSum sum, MetricsSum? tally)
    {
        if (work == RowWork.Hessian) return work;
        var hard = target.Hard;
        var ofTrueClass = hard >= 0 && _smoothing.IsNone ? _ofTrueClass : null;
        if (ofTrueClass is null && !formula.IsWide) return work;
        var needsSurplus = hard < 0 && formula.NeedsSurplus && !target.SumsToOne;
        var shares = new Shares();
        var row = scratch.Row(
            _smoothing.IsNone ? hard : TargetRows.Soft, sumsToOne: true,
            needsSurplus ? _smoothing.GetSurplus(scratch.Target) : Dd.Zero, classWeight);
        if (_smoothing.IsNone)
        {
            row.T = scratch.Target;
            (row.Top, row.Rest, row.HasExactTarget) = (target.Top, target.Rest, target.IsExact);
            if (formula.ReadsLogOfTarget)
            {
                if (HasTiny(scratch.Y)) return work;
                if (labels!.TryReadLogs(index, scratch.Logs)) row.LogT = scratch.Logs;
            }
        }
        else if (hard >= 0 && formula.IsCrossEntropy && classWeight.Length == 0
            && _smoothing.TryGetShares(row.Z, out var spread, out var keep))
        {
            shares = new() { AreGiven = true, Spread = spread, Keep = keep };
        }
        else
        {
            _smoothing.ApplyWide(scratch.Target, row.Z, row.T);
        }
        var describes = (work & (RowWork.Description | RowWork.Metrics)) != 0;
        var softmax = default(WideSoftmax);
        if (!formula.IsOnLogits || describes)
        {
            softmax = new(row, _temperature, _bias);
            if (!softmax.IsDefined) return work;
        }
        var left = work & RowWork.Hessian;
        if ((work & (RowWork.Loss | RowWork.Gradient)) != 0)
        {
            left |= ofTrueClass is null
                ? ScoreAll(index, work, hard, row, shares, softmax, scratch, sum)
                : ScoreTrue(index, work, hard, row, softmax, scratch, sum);
        }
        if (!describes) return left;
        // classes are ranked with their bias
        if (_bias.Length > 0) row.LogP.Hi.CopyTo(row.Z);
        softmax.Distribute(row);
        outputs.Add(index, work, hard, row, scratch.Y, tally);
        return left;
    }

    /// <summary>A mask of the numbers that are finite, and not so small that a low part underflows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> AreUsual(Dd x) => x.IsFinite & Vector256.GreaterThan(Vector256.Abs(x.Hi), Vector256.Create(Tiny));

    /// <summary>Whether a target has a t whose low part underflows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool HasTiny(ReadOnlySpan<double> target)
    {
        foreach (var t in target)
            if (t is > 0 and < Tiny) return true;
        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private RowWork ScoreAll(long index, RowWork work, int hard, in CategoricalRow<Dd> row, in Shares shares, in WideSoftmax softmax,
        CategoricalScratch scratch, ExactSum sum)
    {
        var score = shares.AreGiven ? WideCrossEntropy.ScoreSmoothed(row, softmax, hard, shares.Spread, shares.Keep)
            : formula.IsCrossEntropy ? WideCrossEntropy.Score(row, softmax)
            : formula.Score(row, softmax);
        if (!logSumExp.IsZero) score = logSumExp.AddTo(score, softmax, hard, scratch.Y);
        if (!score.HasDigits) return work & (RowWork.Loss | RowWork.Gradient);
        var scale = losses.GetScale(index, hard, scratch.Y);
        if ((work & RowWork.Loss) != 0) losses.Add(index, score.Value, scale, sum);
        if ((work & RowWork.Gradient) == 0 || scores.Gradient is not { } gradient) return RowWork.None;
        var factor = losses.GetGradientScale(scale);
        if (_temperature != 1) factor /= new Dd(_temperature);
        var result = GetResult(gradient, index, scratch);
        if (factor.ToScalar() == 0) result.Clear();
        else if (formula.IsOnLogits) WriteOnLogits(row, factor, result);
        else if (!TryCombine(row, shares, softmax, score, hard, factor, gradient.DType, result)) return RowWork.Gradient;
        Write(gradient, index, result);
        return RowWork.None;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryCombine(in CategoricalRow<Dd> row, in Shares shares, in WideSoftmax softmax, in WideScore score, int hard, Dd factor,
        DType dtype, Span<double> result)
    {
        var leastPart = dtype == DType.Float64 ? IWideNumbers<WideDouble>.FinePart : IWideNumbers<WideDouble>.NarrowPart;
        if (shares.AreGiven)
        {
            return WideCrossEntropy.TryCombineSmoothed(
                row, softmax, score, hard, shares.Spread, shares.Keep, factor, leastPart, result);
        }
        return formula.IsCrossEntropy
            ? WideCrossEntropy.TryCombine(row, softmax, score, factor, leastPart, result)
            : softmax.TryCombine(row, score, factor, leastPart, result);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteOnLogits(in CategoricalRow<Dd> row, Dd factor, Span<double> result)
    {
        var done = Lanes.HasMost ? WideSoftmax.WriteProducts<WideEight>(row.LogPDerivative, factor, result, 0) : 0;
        WideSoftmax.WriteProducts<WideDouble>(row.LogPDerivative, factor, result, done);
    }

    /// <summary>Where the value depends on the true class alone: ∂L/∂z_c is slope·p_c, and −slope·(1 − p_y) of the true class.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private RowWork ScoreTrue(long index, RowWork work, int y, in CategoricalRow<Dd> row, in WideSoftmax softmax,
        CategoricalScratch scratch, ExactSum sum)
    {
        var (logP, p, q) = softmax.Get(row, y);
        var (value, slope) = _ofTrueClass!.Score(logP, p, q);
        var weight = Dd.One;
        if (classWeight.Length > 0) weight *= new Dd(classWeight[y]);
        if (_classFactor.Length > 0) weight *= new Dd(_classFactor[y]);
        var scale = losses.GetScale(index, y, scratch.Y);
        value *= weight;
        var factor = slope * weight * losses.GetGradientScale(scale) / new Dd(_temperature);
        if (!IsUsual(value) || !IsUsual(factor)) return work & (RowWork.Loss | RowWork.Gradient);
        if ((work & RowWork.Loss) != 0) losses.Add(index, value, scale, sum);
        if ((work & RowWork.Gradient) == 0 || scores.Gradient is not { } gradient) return RowWork.None;
        var result = GetResult(gradient, index, scratch);
        softmax.WriteP(row, factor, result);
        result[y] = -(factor * q).ToScalar();
        Write(gradient, index, result);
        return RowWork.None;
    }

    /// <summary>Where whole vectors of a row of the gradient may be written: its own place, if that has whole ones of doubles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe Span<double> GetResult(Tensor gradient, long index, CategoricalScratch scratch) =>
        IsInPlace(gradient) ? new((double*)gradient.Data + index * _classes, _classes) : scratch.Result;

    private void Write(Tensor gradient, long index, Span<double> result)
    {
        if (!IsInPlace(gradient)) gradient.Write(index * _classes, result[.._classes]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool IsInPlace(Tensor gradient) => gradient.DType == DType.Float64 && _classes % Lanes.Width == 0;

    /// <summary>The target of a smoothed row with one true class, which is not written.</summary>
    private readonly struct Shares
    {
        public bool AreGiven { get; init; }

        public Dd Spread { get; init; }

        public Dd Keep { get; init; }
    }

    private static bool IsUsual(Dd x) => (AreUsual(x).ExtractMostSignificantBits() & 1) != 0;
}
