using System.Runtime.CompilerServices;
using LossService.Core.Batches;
using LossService.Core.Kernels;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>Reads the targets of rows that are scored in plain double.</summary>
internal sealed class PlainTargets(Batch batch, CategoricalFormula formula, TargetRows? labels)
{
    /// <summary>A t below it, or 0 by underflow, has no logarithm with digits.</summary>
    private const double LeastTarget = 1e-290;

    private readonly int _classes = batch.Predictions.Shape.Last;
    private readonly Smoothing _smoothing = new(batch);

    /// <summary>Whether targets are smoothed.</summary>
    public bool AreSmoothed => !_smoothing.IsNone;

    /// <summary>Whether each is 1 for one class, or 0 for all where there are no labels.</summary>
    public bool AreHard => labels is not { AreRows: true } && !AreSmoothed;

    /// <summary>The true class of a row, where targets are hard; −1 where there are no labels.</summary>
    public int FindClass(long index) => labels is null ? TargetRows.Soft : labels.FindTrueClass(index, default, wantsEntropy: false, out _);

    /// <summary>The true class of a row, where it has one and is not smoothed; else <see cref="TargetRows.Soft"/>.</summary>
    public int FindTrueClass(long index, CategoricalScratch scratch) =>
        AreSmoothed || labels is null ? TargetRows.Soft : labels.FindClass(index, scratch.Y);

    /// <inheritdoc cref="TargetRows.TryReadPosted"/>
    public bool TryReadPosted(long first, Span<double> targets) => !AreSmoothed && labels!.TryReadPosted(first, targets);

    /// <summary>The target of a row of soft labels, where it is stored as float32 and nothing more than that is read; else null.</summary>
    public unsafe StoredFloat32* FindStored(long index) => AreSmoothed || labels is null ? null : labels.FindStored(index);

    /// <summary>The class that the metrics compare with, of a row that has been read.</summary>
    public int FindLabel(long index, in RowTarget target, CategoricalScratch scratch) =>
        labels!.FindLabel(index, target.Hard, scratch.Y[.._classes]);

    /// <summary>Whether the formula reads Σt − 1, which is 0 where one class is true.</summary>
    public bool ReadSurplus => formula.NeedsSurplus;

    /// <summary>Reads the label of a row.</summary>
    public RowTarget Read(long index, CategoricalScratch scratch) =>
        labels is null ? new(TargetRows.Soft) : labels.ReadPlain(index, scratch.Target);

    /// <summary>Smooths the target of a row whose predictions and label have been read; false where plain double is not enough.</summary>
    /// <param name="target">What is known of the label.</param>
    /// <param name="scratch">The row; receives the target in <see cref="CategoricalScratch.Smoothed"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TrySmooth(in RowTarget target, CategoricalScratch scratch)
    {
        // smoothed, many t have the same error, so that errors add up
        if (target.IsPlain
            && (NeedsSurplus(target) || AreSmoothed || (formula.ReadsLogOfTarget && HasTiny(scratch.Y[.._classes])))) return false;
        if (AreSmoothed) _smoothing.Apply(new(scratch.Y, scratch.YLow), scratch.Z, scratch.Smoothed);
        return true;
    }

    /// <summary>Whether the formula reads Σt − 1, and it may not be 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool NeedsSurplus(in RowTarget target) => target.Hard < 0 && formula.NeedsSurplus && !target.SumsToOne;

    /// <summary>Σt − 1 where the formula reads it, else 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public double GetSurplus(in RowTarget target, CategoricalScratch scratch) =>
        NeedsSurplus(target) ? _smoothing.GetSurplus(scratch.Target).ToScalar() : 0;

    /// <summary>The target of such a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public NumberRow<PlainDouble> Find(CategoricalScratch scratch) =>
        AreSmoothed ? scratch.Smoothed : new(scratch.Y, scratch.YLow);

    private static bool HasTiny(ReadOnlySpan<double> target)
    {
        foreach (var t in target)
            if (t < LeastTarget) return true;
        return false;
    }
}
