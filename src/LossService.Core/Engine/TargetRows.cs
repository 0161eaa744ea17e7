using System.Runtime.CompilerServices;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>
/// A categorical batch's labels, whatever their form. Writes a row's target; no loss ever sees which form it had, and a one-hot row is
/// the same as its index, bit for bit.
/// </summary>
/// <remarks>Rows are padded to whole vectors; each reader writes 0 into the padding.</remarks>
internal abstract class TargetRows
{
    /// <summary>The class of a row that is not one-hot.</summary>
    public const int Soft = -1;

    /// <summary>Whether the labels are rows rather than indices.</summary>
    public abstract bool AreRows { get; }

    /// <summary>Whether soft targets in plain double are computed rather than given, so that they are not exact.</summary>
    public virtual bool ArePlain => false;

    /// <summary>Writes a row's unsmoothed target with all its digits.</summary>
    /// <param name="row">Which row.</param>
    /// <param name="target">Receives the target; its low parts are 0, or what an earlier row had.</param>
    public abstract RowTarget Read(long row, NumberRow<Dd> target);

    /// <summary>The same where plain doubles are enough, which may be faster.</summary>
    /// <inheritdoc cref="Read"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public virtual RowTarget ReadPlain(long row, NumberRow<Dd> target) => Read(row, target);

    /// <summary>The same where sums of two doubles are enough, which may be faster.</summary>
    /// <inheritdoc cref="Read"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public virtual RowTarget ReadWide(long row, NumberRow<Dd> target) => Read(row, target);

    /// <summary>Reads the targets of rows that follow each other, where they are the numbers posted; false where they are not.</summary>
    /// <param name="first">The first row.</param>
    /// <param name="targets">Receives the rows, one after the other.</param>
    public virtual bool TryReadPosted(long first, Span<double> targets) => false;

    /// <summary>A row's unsmoothed target where that is stored as float32; else null.</summary>
    public virtual unsafe StoredFloat32* FindStored(long row) => null;

    /// <summary>The class of a row that has one true class, or <see cref="Soft"/>.</summary>
    /// <param name="row">Which row.</param>
    /// <param name="target">Receives a soft row's target in plain double; empty where the labels are no rows.</param>
    /// <param name="wantsEntropy">Whether <paramref name="negatedEntropy"/> is wanted.</param>
    /// <param name="negatedEntropy">Σ t·ln t of a soft row.</param>
    public abstract int FindTrueClass(long row, Span<double> target, bool wantsEntropy, out double negatedEntropy);

    /// <summary>The same where nothing else is wanted, which may be faster.</summary>
    /// <param name="row">Which row.</param>
    /// <param name="memory">Memory for a row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public virtual int FindClass(long row, Span<double> memory) => FindTrueClass(row, memory, wantsEntropy: false, out _);

    /// <summary>Whether <see cref="FindClasses"/> finds the classes of many rows at once.</summary>
    public virtual bool FindsClasses => false;

    /// <summary>As <see cref="FindClass"/>, of rows that follow each other.</summary>
    public virtual void FindClasses(long first, Span<int> classes) => throw new NotSupportedException("these rows are read one by one");

    /// <summary>The number of classes that may have more than 0, where rows name them; 0 = any class may.</summary>
    public virtual int NamedClasses => 0;

    /// <summary>The same as <see cref="FindTrueClass"/>, of a row's named classes alone.</summary>
    /// <inheritdoc cref="FindTrueClass"/>
    /// <param name="row">Which row.</param>
    /// <param name="classes">Receives the named classes.</param>
    /// <param name="target">Receives their t, padded with zeros.</param>
    /// <param name="wantsEntropy">Whether <paramref name="negatedEntropy"/> is wanted.</param>
    /// <param name="negatedEntropy">Σ t·ln t of a soft row.</param>
    public virtual int FindNamed(long row, Span<int> classes, Span<double> target, bool wantsEntropy, out double negatedEntropy) =>
        throw new NotSupportedException("these rows name no classes");

    /// <summary>The class that the metrics compare with: the largest t, the lower index of equals.</summary>
    /// <param name="row">Which row.</param>
    /// <param name="hard">Its true class, or <see cref="Soft"/>.</param>
    /// <param name="target">Its target.</param>
    public virtual int FindLabel(long row, int hard, ReadOnlySpan<double> target) => hard >= 0 ? hard : Ranking.FindMax(target);

    /// <summary>Whether <see cref="TryReadLogs"/> writes logarithms of some rows.</summary>
    public virtual bool HasLogs => false;

    /// <summary>Writes ln t of each class, where that is more than a function of t; false where it is not.</summary>
    public virtual bool TryReadLogs(long row, NumberRow<Dd> logs) => false;

    /// <summary>The class that has 1 while all others have 0, or <see cref="Soft"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected static int FindHard(ReadOnlySpan<double> target)
    {
        var hard = target.IndexOfAnyExcept(0.0);
        return hard >= 0 && target[hard] == 1 && target[(hard + 1)..].IndexOfAnyExcept(0.0) < 0 ? hard : Soft;
    }

    /// <summary>The class of a row's largest number as posted: two that differ may have the same t.</summary>
    protected static int FindLargest(Tensor posted, long row, int classes)
    {
        Span<double> some = stackalloc double[256];
        var (best, label) = (double.NegativeInfinity, 0);
        for (var start = 0; start < classes; start += some.Length)
        {
            var part = some[..int.Min(some.Length, classes - start)];
            posted.Read(row * classes + start, part);
            var first = Ranking.FindMax(part);
            if (part[first] > best) (best, label) = (part[first], start + first);
        }
        return label;
    }
}
