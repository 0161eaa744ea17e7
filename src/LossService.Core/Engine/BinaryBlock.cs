using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Batches;
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
    private readonly Dd _keep, _unit, _valueFactor, _factor;

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
        _keep = Dd.One - new Dd(_smoothing);
        _unit = batch.Unit == Unit.Bits ? Dd.One / Dd.Ln2 : Dd.One;
        _valueFactor = batch.Factor;
        _factor = weights.IsNothing ? Dd.Zero : batch.Factor / new Dd(weights.Divisor);
        _isScaled = isWeighted || batch.IsScaled;
    }

    /// <summary>Scores the first <paramref name="count"/> elements, which are padded to whole vectors, in plain doubles.</summary>
    public void ScorePlain(BinaryScratch scratch, int count)
    {
        if (Lanes.HasMost) Score<PlainEight, PlainEight>(scratch, count);
        else Score<PlainDouble, PlainDouble>(scratch, count);
    }

    /// <summary>The same with more digits of p, t and what is computed of them alone.</summary>
    public void ScoreWide(BinaryScratch scratch, int count)
    {
        if (Lanes.HasMost) Score<WideEight, PlainEight>(scratch, count);
        else Score<WideDouble, PlainDouble>(scratch, count);
    }

    /// <summary>The same with more digits of all numbers, for results of 53 bits.</summary>
    public void ScoreWidest(BinaryScratch scratch, int count)
    {
        if (Lanes.HasMost) Score<WideEight, WideEight>(scratch, count);
        else Score<WideDouble, WideDouble>(scratch, count);
    }

    /// <summary>Scores the first <paramref name="count"/> elements, which are padded to whole vectors.</summary>
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
        for (var i = 0; i < count; i += TWide.Count)
            link.Start(TWide.Load(ref posted[i]), TWide.Load(ref score[i]), TWide.Load(ref error[i])).Store(ref start[i], ref rest[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StartTarget<TWide>(BinaryScratch s, int count) where TWide : struct, IArithmetic<TWide>
    {
        var target = _target;
        double* label = s.Label, start = s.LabelStart, rest = s.LabelStartRest;
        if (target.HasScore)
        {
            for (var i = 0; i < count; i += Lanes.Width)
            {
                target.Score.Of(PlainDouble.Load(ref label[i]), PlainDouble.Zero, out var error).StoreNearest(ref start[i]);
                error.StoreNearest(ref rest[i]);
            }
        }
        for (var i = 0; i < count; i += TWide.Count)
            target.Start(TWide.Load(ref label[i]), TWide.Load(ref start[i]), TWide.Load(ref rest[i])).Store(ref start[i], ref rest[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TakeLogs<TWide, TNumber>(BinaryScratch s, int count)
        where TWide : struct, IArithmetic<TWide>
        where TNumber : struct, IArithmetic<TNumber>
    {
        double* start = s.Start, rest = s.StartRest, log = s.LogOfLarger, logRest = s.LogOfLargerRest;
        if (_link.IsSigmoid)
        {
            for (var i = 0; i < count; i += TNumber.Count)
                (-TNumber.UnitLog1p(LoadNarrow<TWide, TNumber>(start + i, rest + i))).Store(ref log[i], ref logRest[i]);
        }
        else
        {
            for (var i = 0; i < count; i += TNumber.Count)
                TNumber.Log1p(-LoadNarrow<TWide, TNumber>(start + i, rest + i)).Store(ref log[i], ref logRest[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TakeLogsOfSmaller<TWide, TNumber>(BinaryScratch s, int count)
        where TWide : struct, IArithmetic<TWide>
        where TNumber : struct, IArithmetic<TNumber>
    {
        double* start = s.Start, rest = s.StartRest, log = s.LogOfSmaller, logRest = s.LogOfSmallerRest;
        for (var i = 0; i < count; i += TNumber.Count)
            TNumber.Log(LoadNarrow<TWide, TNumber>(start + i, rest + i)).Store(ref log[i], ref logRest[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Evaluate<TWide, TNumber>(BinaryScratch s, int count)
        where TWide : struct, IArithmetic<TWide>
        where TNumber : struct, IArithmetic<TNumber>
    {
        var (formula, link, target) = (_formula, _link, _target);
        var (unit, factor, valueFactor) = (_unit.Spread<TNumber>(), _factor.Spread<TNumber>(), _valueFactor.Spread<TNumber>());
        for (var i = 0; i < count; i += TNumber.Count)
        {
            var posted = TNumber.Load(ref s.Posted[i]);
            var label = TWide.Load(ref s.Label[i]);
            var (rest, lost) = (TWide.One - label, 0u);
            if (target.IsTeacher)
            {
                (label, rest) = target.Finish(label, Load<TWide>(s.LabelStart + i, s.LabelStartRest + i), ref lost);
                label.StoreNearest(ref s.Target[i]);
            }
            var (t, u) = (label, rest);
            if (_isSmoothed) (t, u) = (Smooth(t), Smooth(u));
            var e = new ElementVector<TWide, TNumber> { Z = posted, T = t, U = u };
            if (!TFormula.IsOnLogits || _wantsMore)
            {
                e.PosWeight = TNumber.Load(ref s.PosWeight[i]);
                link.Finish(
                    TWide.Load(ref link.HasScore ? ref s.Score[i] : ref s.Posted[i]),
                    link.HasScore ? Load<TNumber>(s.Score + i, s.ScoreError + i) : posted,
                    Load<TWide>(s.Start + i, s.StartRest + i),
                    Load<TNumber>(s.LogOfLarger + i, s.LogOfLargerRest + i),
                    Load<TNumber>(s.LogOfSmaller + i, s.LogOfSmallerRest + i), ref e);
            }

            var terms = formula.At(e);
            var value = terms.Value;
            lost |= terms.Lost;
            var gradient = _wantsGradient ? link.Backward(posted, e, terms, TFormula.IsOnLogits, ref lost) * factor : TNumber.Zero;
            if (_isScaled)
            {
                var weight = TNumber.Load(ref s.Weight[i]);
                var hasNone = weight.IsZero;
                value = TNumber.Select(hasNone, TNumber.Zero, value * (weight * valueFactor));
                gradient = TNumber.Select(hasNone, TNumber.Zero, gradient * weight);
                lost &= ~TNumber.GetBits(hasNone);
            }
            if (_wantsGradient && !TFormula.IsOnLogits && link.IsSigmoid && TNumber.HasRest)
            {
                var smaller = TWide.Min(e.P, e.Q);
                var lacks = Underflow.MayLack(ElementVector<TWide, TNumber>.Narrow(smaller), gradient);
                if (typeof(TNumber) != typeof(Dd)) lost |= TNumber.GetBits(lacks);
                else if (TNumber.GetBits(lacks) != 0) gradient = TNumber.Select(lacks, OfTiny(e, terms, factor, s, i), gradient);
            }
            if (_isNothing) gradient = TNumber.Zero;
            lost |= FindFailed(value + gradient);
            value.Store(ref s.Value[i], ref s.ValueRest[i]);
            if (_wantsGradient) gradient.StoreNearest(ref s.Gradient[i]);
            var more = 0u;
            if (_wantsMore)
            {
                var (y, other) = (ElementVector<TWide, TNumber>.Narrow(label), ElementVector<TWide, TNumber>.Narrow(rest));
                more = StoreMore(e, y, other, unit, s, i);
            }

            if (typeof(TNumber) == typeof(Dd)) continue;
            for (var bits = (lost | more) & ~TNumber.GetBits(posted.IsNaN); bits != 0; bits &= bits - 1)
            {
                // what is left out of the outputs must not change the others
                var lane = (int)uint.TrailingZeroCount(bits);
                s.KeepsScore[i + lane] = (lost >> lane & 1) == 0;
                s.Lost[s.LostCount++] = (byte)(i + lane);
            }
        }
    }

    /// <summary>The gradient of elements of which p or 1 − p has lost digits to underflow.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private TNumber OfTiny<TWide, TNumber>(
        ElementVector<TWide, TNumber> e, ElementResult<TNumber> terms, TNumber factor, BinaryScratch s, int i)
        where TWide : struct, IArithmetic<TWide>
        where TNumber : struct, IArithmetic<TNumber>
    {
        var shifted = _link.BackwardShifted(
            Unsafe.BitCast<ElementVector<TWide, TNumber>, ElementVector<Dd, Dd>>(e),
            Unsafe.BitCast<ElementResult<TNumber>, ElementResult<Dd>>(terms));
        shifted *= Unsafe.BitCast<TNumber, Dd>(factor);
        if (_isScaled) shifted *= Vector256.LoadAligned(s.Weight + i);
        return Unsafe.BitCast<Dd, TNumber>(Underflow.ShiftBack(shifted));
    }

    /// <summary>Stores what depends on the probabilities; tells which lanes are lost.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    private static uint StoreMore<TWide, TNumber>(
        in ElementVector<TWide, TNumber> e, TNumber label, TNumber rest, TNumber unit, BinaryScratch s, int i)
        where TWide : struct, IArithmetic<TWide>
        where TNumber : struct, IArithmetic<TNumber>
    {
        e.P.StoreNearest(ref s.P[i]);
        e.Q.StoreNearest(ref s.Q[i]);
        e.LogP.StoreNearest(ref s.LogP[i]);
        var (p, q) = (ElementVector<TWide, TNumber>.Narrow(e.P), ElementVector<TWide, TNumber>.Narrow(e.Q));
        var entropy = -(TNumber.XLogY(p, e.LogP) + TNumber.XLogY(q, e.LogQ)) * unit;
        entropy.StoreNearest(ref s.Entropy[i]);
        var crossEntropy = -(TNumber.XLogY(label, e.LogP) + TNumber.XLogY(rest, e.LogQ));
        crossEntropy.StoreNearest(ref s.CrossEntropy[i]);
        return FindFailed(entropy + crossEntropy) | FindFailed(e.LogP);
    }

    /// <summary>The lanes in which a result is NaN, or infinite in an arithmetic that does not care for infinities.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    private static uint FindFailed<TNumber>(TNumber result) where TNumber : struct, IArithmetic<TNumber> =>
        TNumber.GetBits(TNumber.HasRest ? ~result.IsFinite : result.IsNaN);

    /// <summary>t' = (1 − α)·t + α/2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TNumber Smooth<TNumber>(TNumber t) where TNumber : struct, IArithmetic<TNumber> =>
        t * _keep.Spread<TNumber>() + TNumber.Of(_smoothing / 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TNumber LoadNarrow<TWide, TNumber>(double* number, double* rest)
        where TWide : struct, IArithmetic<TWide>
        where TNumber : struct, IArithmetic<TNumber> =>
        ElementVector<TWide, TNumber>.Narrow(Load<TWide>(number, rest));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TNumber Load<TNumber>(double* number, double* rest) where TNumber : struct, IArithmetic<TNumber> =>
        TNumber.Load(ref *number, ref *rest);
}
