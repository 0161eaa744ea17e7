using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Batches;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Engine;

/// <summary>
/// Scores a block of elements of a binary batch in any arithmetic: link (p, 1 − p and their logs) → target (smoothed) → formula (value,
/// derivatives) → link (gradient). Elements that lose digits in a faster arithmetic, or are not finite, are computed again in
/// double-double: which ones depends on each element alone.
/// </summary>
internal sealed unsafe partial class BinaryBlock<TFormula> where TFormula : struct, IElementFormula
{
    private readonly TFormula _formula;
    private readonly BinaryLink _link;
    private readonly BinaryTarget _target;
    private readonly bool _isSmoothed, _isScaled, _isNothing, _wantsGradient, _wantsMore;
    private readonly double _smoothing;
    private readonly Vector256<double> _keep, _keepRest, _unit, _unitRest, _valueFactor, _valueFactorRest, _factor, _factorRest;

    /// <param name="formula">The formula.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="isWeighted">Whether the weights of the scratch are not all 1.</param>
    /// <param name="wantsGradient">Whether the gradient is wanted.</param>
    /// <param name="wantsMore">Whether outputs of the probabilities, or metrics, are wanted.</param>
    public BinaryBlock(TFormula formula, Batch batch, SampleWeights weights, bool isWeighted, bool wantsGradient, bool wantsMore)
    {
        var options = batch.Options;
        _formula = formula;
        _link = new(
            batch.Form, options.Get(SharedOptions.Temperature), options.Has(SharedOptions.LogitBias), options.Get(SharedOptions.Clip));
        _target = new(batch.LabelForm, batch.LabelTemperature);
        (_wantsGradient, _wantsMore, _isNothing) = (wantsGradient, wantsMore, weights.IsNothing);
        _smoothing = options.Get(SharedOptions.LabelSmoothing);
        _isSmoothed = _smoothing != 0;
        (_keep, _keepRest) = Split(Dd.One - new Dd(_smoothing));
        var unit = batch.Unit == Unit.Bits ? Dd.One / Dd.Ln2 : Dd.One;
        (_unit, _unitRest) = Split(unit);
        (_valueFactor, _valueFactorRest) = Split(batch.Factor);
        (_factor, _factorRest) = Split(weights.IsNothing ? Dd.Zero : batch.Factor / new Dd(weights.Divisor));
        _isScaled = isWeighted || batch.IsScaled;
    }

    /// <summary>Scores the first <paramref name="count"/> elements, whose number may be padded to whole vectors.</summary>
    public void Score<TWide, TNumber>(BinaryScratch scratch, int count)
        where TWide : struct, IArithmetic<TWide>
        where TNumber : struct, IArithmetic<TNumber>
    {
        scratch.LostCount = 0;
        scratch.HasRest = TNumber.HasRest;
        Compute<TWide, TNumber>(scratch, count);
        if (scratch.LostCount > 0) ScoreLost(scratch);
    }

    /// <remarks>Each step is a method of its own, so that the compiler inlines all of it.</remarks>
    private void Compute<TWide, TNumber>(BinaryScratch scratch, int count)
        where TWide : struct, IArithmetic<TWide>
        where TNumber : struct, IArithmetic<TNumber>
    {
        if (!TFormula.IsOnLogits || _wantsMore)
        {
            StartLink<TWide>(scratch, count);
            // of a tiny p, the gradient is found by its logarithm
            if (TFormula.NeedsLogs || _wantsMore || typeof(TNumber) == typeof(Dd))
            {
                TakeLogs<TWide, TNumber>(scratch, count);
                if (!_link.IsSigmoid) TakeLogsOfSmaller<TWide, TNumber>(scratch, count);
            }
        }
        if (_target.IsTeacher) StartTarget<TWide>(scratch, count);
        Evaluate<TWide, TNumber>(scratch, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StartLink<TWide>(BinaryScratch s, int count) where TWide : struct, IArithmetic<TWide>
    {
        var link = _link;
        double* posted = s.Posted, score = s.Score, error = s.ScoreError, start = s.Start, rest = s.StartRest;
        var first = typeof(TWide) == typeof(PlainDouble) && link is { IsSigmoid: true, HasScore: false } && EightExponentials.AreSupported
            ? SigmoidEights.StoreExponentials((StoredFloat64*)posted, count, start) : 0;
        for (var i = first; i < count; i += Lanes.Width)
        {
            var e = link.Start<TWide>(
                Vector256.LoadAligned(posted + i), Vector256.LoadAligned(score + i), Vector256.LoadAligned(error + i));
            Store(e, start + i, rest + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StartTarget<TWide>(BinaryScratch s, int count) where TWide : struct, IArithmetic<TWide>
    {
        var target = _target;
        double* label = s.Label, start = s.LabelStart, rest = s.LabelStartRest;
        for (var i = 0; i < count; i += Lanes.Width)
            Store(target.Start<TWide>(Vector256.LoadAligned(label + i)), start + i, rest + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TakeLogs<TWide, TNumber>(BinaryScratch s, int count)
        where TWide : struct, IArithmetic<TWide>
        where TNumber : struct, IArithmetic<TNumber>
    {
        double* start = s.Start, rest = s.StartRest, log = s.LogOfLarger, logRest = s.LogOfLargerRest;
        if (_link.IsSigmoid)
        {
            var first = typeof(TNumber) == typeof(PlainDouble) && typeof(TWide) == typeof(PlainDouble) && EightExponentials.AreSupported
                ? SigmoidEights.StoreLogs(start, count, log) : 0;
            for (var i = first; i < count; i += Lanes.Width)
                Store(-TNumber.UnitLog1p(LoadNarrow<TWide, TNumber>(start + i, rest + i)), log + i, logRest + i);
        }
        else
        {
            for (var i = 0; i < count; i += Lanes.Width)
                Store(TNumber.Log1p(-LoadNarrow<TWide, TNumber>(start + i, rest + i)), log + i, logRest + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TakeLogsOfSmaller<TWide, TNumber>(BinaryScratch s, int count)
        where TWide : struct, IArithmetic<TWide>
        where TNumber : struct, IArithmetic<TNumber>
    {
        double* start = s.Start, rest = s.StartRest, log = s.LogOfSmaller, logRest = s.LogOfSmallerRest;
        for (var i = 0; i < count; i += Lanes.Width)
            Store(TNumber.Log(LoadNarrow<TWide, TNumber>(start + i, rest + i)), log + i, logRest + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Evaluate<TWide, TNumber>(BinaryScratch s, int count)
        where TWide : struct, IArithmetic<TWide>
        where TNumber : struct, IArithmetic<TNumber>
    {
        var (formula, link, target) = (_formula, _link, _target);
        var (unit, factor) = (TNumber.Of(_unit, _unitRest), TNumber.Of(_factor, _factorRest));
        var valueFactor = TNumber.Of(_valueFactor, _valueFactorRest);
        for (var i = 0; i < count; i += Lanes.Width)
        {
            var posted = Vector256.LoadAligned(s.Posted + i);
            var label = TWide.Of(Vector256.LoadAligned(s.Label + i));
            var (rest, lostLabel) = (TWide.One - label, Vector256<double>.Zero);
            if (target.IsTeacher)
            {
                (label, rest) = target.Finish(
                    Vector256.LoadAligned(s.Label + i), Load<TWide>(s.LabelStart + i, s.LabelStartRest + i), ref lostLabel);
                label.Round().StoreAligned(s.Target + i);
            }
            var (t, u) = (label, rest);
            if (_isSmoothed) (t, u) = (Smooth(t), Smooth(u));
            var e = new FourElements<TWide, TNumber> { Z = TNumber.Of(posted), T = t, U = u };
            if (!TFormula.IsOnLogits || _wantsMore)
            {
                var posWeight = TNumber.Of(Vector256.LoadAligned(s.PosWeight + i));
                e = link.Finish(
                    posted,
                    Vector256.LoadAligned(s.Score + i),
                    Vector256.LoadAligned(s.ScoreError + i),
                    Load<TWide>(s.Start + i, s.StartRest + i),
                    Load<TNumber>(s.LogOfLarger + i, s.LogOfLargerRest + i),
                    Load<TNumber>(s.LogOfSmaller + i, s.LogOfSmallerRest + i)) with
                { Z = e.Z, T = t, U = u, PosWeight = posWeight };
            }

            var terms = formula.At(e);
            var (value, lost) = (terms.Value, terms.Lost | lostLabel);
            var gradient = _wantsGradient ? link.Backward(posted, e, terms, TFormula.IsOnLogits, ref lost) * factor : TNumber.Zero;
            if (_isScaled)
            {
                var weight = Vector256.LoadAligned(s.Weight + i);
                var hasNone = Vector256.Equals(weight, Vector256<double>.Zero);
                value = TNumber.Select(hasNone, TNumber.Zero, value * (TNumber.Of(weight) * valueFactor));
                gradient = TNumber.Select(hasNone, TNumber.Zero, gradient * TNumber.Of(weight));
                lost = Vector256.AndNot(lost, hasNone);
            }
            if (_wantsGradient && !TFormula.IsOnLogits && link.IsSigmoid && TNumber.HasRest)
            {
                var lacks = Underflow.MayLack(Vector256.MinNative(e.P.Round(), e.Q.Round()), gradient.Round());
                if (typeof(TNumber) != typeof(Dd)) lost |= lacks;
                else if (lacks != Vector256<double>.Zero) gradient = TNumber.Select(lacks, OfTiny(e, terms, factor, s, i), gradient);
            }
            if (_isNothing) gradient = TNumber.Zero;
            lost |= HasFailed(value + gradient);
            Store(value, s.Value + i, s.ValueRest + i);
            if (_wantsGradient) gradient.Round().StoreAligned(s.Gradient + i);
            if (_wantsMore)
            {
                var (y, other) = (FourElements<TWide, TNumber>.Narrow(label), FourElements<TWide, TNumber>.Narrow(rest));
                lost |= StoreMore(e, y, other, unit, s, i);
            }

            if (typeof(TNumber) == typeof(Dd)) continue;
            lost = Vector256.AndNot(lost, Vector256.IsNaN(posted));
            for (var bits = lost.ExtractMostSignificantBits(); bits != 0; bits &= bits - 1)
                s.Lost[s.LostCount++] = (byte)(i + (int)uint.TrailingZeroCount(bits));
        }
    }

    /// <summary>The gradient of elements of which p or 1 − p has lost digits to underflow.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private TNumber OfTiny<TWide, TNumber>(
        FourElements<TWide, TNumber> e, ElementResult<TNumber> terms, TNumber factor, BinaryScratch s, int i)
        where TWide : struct, IArithmetic<TWide>
        where TNumber : struct, IArithmetic<TNumber>
    {
        var shifted = _link.BackwardShifted(
            Unsafe.BitCast<FourElements<TWide, TNumber>, FourElements<Dd, Dd>>(e),
            Unsafe.BitCast<ElementResult<TNumber>, ElementResult<Dd>>(terms));
        shifted *= Unsafe.BitCast<TNumber, Dd>(factor);
        if (_isScaled) shifted *= Vector256.LoadAligned(s.Weight + i);
        return Unsafe.BitCast<Dd, TNumber>(Underflow.ShiftBack(shifted));
    }

    /// <summary>Stores what depends on the probabilities; tells which lanes are lost.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> StoreMore<TWide, TNumber>(
        in FourElements<TWide, TNumber> e, TNumber label, TNumber rest, TNumber unit, BinaryScratch s, int i)
        where TWide : struct, IArithmetic<TWide>
        where TNumber : struct, IArithmetic<TNumber>
    {
        e.P.Round().StoreAligned(s.P + i);
        e.Q.Round().StoreAligned(s.Q + i);
        e.LogP.Round().StoreAligned(s.LogP + i);
        var (p, q) = (FourElements<TWide, TNumber>.Narrow(e.P), FourElements<TWide, TNumber>.Narrow(e.Q));
        var entropy = -(TNumber.XLogY(p, e.LogP) + TNumber.XLogY(q, e.LogQ)) * unit;
        entropy.Round().StoreAligned(s.Entropy + i);
        var crossEntropy = -(TNumber.XLogY(label, e.LogP) + TNumber.XLogY(rest, e.LogQ));
        crossEntropy.Round().StoreAligned(s.CrossEntropy + i);
        return HasFailed(entropy + crossEntropy) | HasFailed(e.LogP);
    }

    /// <summary>All bits set where a result is NaN, or infinite in an arithmetic that does not care for infinities.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> HasFailed<TNumber>(TNumber result) where TNumber : struct, IArithmetic<TNumber> =>
        TNumber.HasRest ? ~result.IsFinite : Vector256.IsNaN(result.Round());

    private static (Vector256<double> Hi, Vector256<double> Lo) Split(Dd x) => (x.Hi, x.Lo);

    /// <summary>t' = (1 − α)·t + α/2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TNumber Smooth<TNumber>(TNumber t) where TNumber : struct, IArithmetic<TNumber> =>
        t * TNumber.Of(_keep, _keepRest) + TNumber.Of(_smoothing / 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TNumber LoadNarrow<TWide, TNumber>(double* number, double* rest)
        where TWide : struct, IArithmetic<TWide>
        where TNumber : struct, IArithmetic<TNumber> =>
        FourElements<TWide, TNumber>.Narrow(Load<TWide>(number, rest));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TNumber Load<TNumber>(double* number, double* rest) where TNumber : struct, IArithmetic<TNumber> =>
        TNumber.HasRest
            ? TNumber.Of(Vector256.LoadAligned(number), Vector256.LoadAligned(rest))
            : TNumber.Of(Vector256.LoadAligned(number));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TNumber>(TNumber value, double* number, double* rest) where TNumber : struct, IArithmetic<TNumber>
    {
        value.Round().StoreAligned(number);
        if (TNumber.HasRest) value.Rest().StoreAligned(rest);
    }
}
