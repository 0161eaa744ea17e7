using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Engine;

/// <summary>Label smoothing of rows of classes.</summary>
/// <remarks>
/// The softmax kernel spreads over all classes: the loss of a row that has a class of −∞ is infinite then, and computed again by this.
/// </remarks>
internal readonly struct Smoothing
{
    private readonly int _classes;
    private readonly Dd _keep, _share, _spread;
    private readonly bool _isOverFinite;
    private readonly double _ruledOut;

    /// <summary>The smoothing that a batch asks for.</summary>
    public Smoothing(Batch batch)
    {
        _classes = batch.Predictions.Shape.Last;
        _share = new(batch.Options.Get(SharedOptions.LabelSmoothing));
        _keep = Dd.One - _share;
        _spread = _share / new Dd(int.Max(_classes, 1));
        IsNone = _share.ToScalar() == 0;
        _isOverFinite = batch.Options.Get(SharedOptions.SmoothingOver) == SharedOptions.SmoothingOverFinite;
        _ruledOut = batch.Form == PredictionForm.Probabilities ? 0 : double.NegativeInfinity;
    }

    /// <summary>Whether rows stay as they are.</summary>
    public bool IsNone { get; }

    /// <summary>Whether shares depend on the logits: a class at −∞ has none.</summary>
    public bool IsByLogits => _isOverFinite && !IsNone;

    /// <summary>1 − α.</summary>
    public Dd Keep => _keep;

    /// <summary>t = y(1 − α) + α/K for the classes, 0 for the padding; K counts those that may have a share.</summary>
    /// <param name="y">The label.</param>
    /// <param name="z">The predictions as posted, padded.</param>
    /// <param name="target">Receives t.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply<TNumber>(NumberRow<TNumber> y, ReadOnlySpan<double> z, NumberRow<TNumber> target)
        where TNumber : struct, IFourNumbers<TNumber>
    {
        y.Hi.CopyTo(target.Hi);
        if (TNumber.HasRest) y.Lo.CopyTo(target.Lo);
        if (IsNone) return;
        var none = _isOverFinite ? z[.._classes].Count(_ruledOut) : 0;
        // where no class may have a share, the label is impossible anyway
        var spread = _share / new Dd(int.Max(_classes - none, 1));
        var (factor, addend) = (TNumber.Of(_keep.Hi, _keep.Lo), TNumber.Of(spread.Hi, spread.Lo));
        var ruledOut = Vector256.Create(_ruledOut);
        for (var c = 0; c < target.Length; c += Lanes.Width)
        {
            var t = target[c] * factor;
            var smoothed = t + addend;
            if (none > 0)
                smoothed = TNumber.Select(Vector256.Equals(Vector256.LoadUnsafe(in z[c]), ruledOut), t, smoothed);
            target.Store(c, smoothed);
        }
        target.Hi[_classes..].Clear();
        target.Lo[_classes..].Clear();
    }

    /// <summary>Finds what each class of a row with one true class has, and what that class has beside it.</summary>
    /// <param name="z">The predictions as posted, padded.</param>
    /// <param name="spread">t of the other classes.</param>
    /// <param name="keep">What t of the true class has more.</param>
    /// <returns>False where classes differ otherwise, too.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryGetShares(ReadOnlySpan<double> z, out Dd spread, out Dd keep)
    {
        (spread, keep) = (_spread, _keep);
        return !(_isOverFinite && z[.._classes].Contains(_ruledOut));
    }

    /// <summary>The same as <see cref="Apply"/> in sums of two doubles.</summary>
    /// <inheritdoc cref="Apply"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void ApplyWide(NumberRow<Dd> y, ReadOnlySpan<double> z, NumberRow<Dd> target)
    {
        if (_isOverFinite && z[.._classes].Contains(_ruledOut))
        {
            Apply(y, z, target);
            return;
        }
        var done = Lanes.HasMost ? Spread<WideEight>(y, target, _spread, 0) : 0;
        Spread<WideDouble>(y, target, _spread, done);
        target.Hi[_classes..].Clear();
        target.Lo[_classes..].Clear();
    }

    /// <summary>The same of rows side by side, where it does not depend on the logits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(in WideBlock rows)
    {
        if (Lanes.HasMost) Apply<WideEight>(rows);
        else Apply<WideDouble>(rows);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private unsafe void Apply<TNumber>(in WideBlock rows) where TNumber : struct, IWideNumbers<TNumber>
    {
        var (factor, addend) = (_keep.Spread<TNumber>(), _spread.Spread<TNumber>());
        for (var i = 0; i < rows.Count; i += TNumber.Count)
            rows.Targets.Store(i, rows.Targets.Load<TNumber>(i) * factor + addend);
    }

    /// <summary>Does the classes from <paramref name="start"/> on, as far as there are whole vectors.</summary>
    /// <returns>The first that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private int Spread<TNumber>(NumberRow<Dd> y, NumberRow<Dd> target, Dd spread, int start) where TNumber : struct, IWideNumbers<TNumber>
    {
        var (factor, addend, c) = (_keep.Spread<TNumber>(), spread.Spread<TNumber>(), start);
        for (; c <= target.Length - TNumber.Count; c += TNumber.Count) target.Store(c, y.Load<TNumber>(c) * factor + addend);
        return c;
    }

    /// <summary>(Σt − 1)(1 − α) of a dense row: the error of its rounding, after smoothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Dd GetSurplus(NumberRow<Dd> y)
    {
        // the labels add up to about 1, so a double holds the sum of what rounding takes from their sum
        var (sum, rest) = (Vector256<double>.Zero, Vector256<double>.Zero);
        for (var c = 0; c < y.Length; c += Lanes.Width)
        {
            var (label, low) = (y[c].Hi, y[c].Lo);
            var next = sum + label;
            var rounded = next - sum;
            rest += (sum - (next - rounded)) + (label - rounded) + low;
            sum = next;
        }
        return (Dd.SumOfLanes(Dd.Sum(sum, rest)) - Dd.One) * _keep;
    }
}
