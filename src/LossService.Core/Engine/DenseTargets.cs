using System.Runtime.CompilerServices;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>Targets of labels that are dense rows.</summary>
/// <param name="labels">The labels.</param>
/// <param name="classes">K.</param>
/// <param name="normalizes">Whether rows are divided by their sums.</param>
internal sealed class DenseTargets(Tensor labels, int classes, bool normalizes) : TargetRows
{
    /// <inheritdoc/>
    public override bool AreRows => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override RowTarget Read(long row, NumberRow<Dd> target) =>
        new(Read(row, target.Hi, target.Lo)) { IsExact = !normalizes || target.Lo.IndexOfAnyExcept(0.0) < 0 };

    /// <inheritdoc/>
    public override bool TryReadPosted(long first, Span<double> targets)
    {
        if (!normalizes) labels.Read(first * classes, targets);
        return !normalizes;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override unsafe StoredFloat32* FindStored(long row) =>
        normalizes || labels.DType != DType.Float32 ? null : (StoredFloat32*)labels.Data + row * classes;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override int FindTrueClass(long row, Span<double> target, bool wantsEntropy, out double negatedEntropy)
    {
        var hard = Read(row, target, default);
        negatedEntropy = wantsEntropy && hard < 0 ? TargetEntropy.Negate(target) : 0;
        return hard;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override unsafe int FindClass(long row, Span<double> memory)
    {
        var stored = (float*)FindStored(row);
        return stored == null ? base.FindClass(row, memory) : FindClass(stored);
    }

    /// <inheritdoc/>
    public override unsafe bool FindsClasses => FindStored(0) != null;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public override unsafe void FindClasses(long first, Span<int> found)
    {
        var stored = (float*)FindStored(first);
        for (var i = 0; i < found.Length; i++, stored += classes) found[i] = FindClass(stored);
    }

    /// <remarks>Nearly every soft row has another first element than 0 and 1.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    private unsafe int FindClass(float* stored) => *stored is 0 or 1 ? FindHardClass(new(stored, classes)) : Soft;

    private static int FindHardClass(ReadOnlySpan<float> target)
    {
        var hard = target.IndexOfAnyExcept(0f);
        return hard >= 0 && target[hard] == 1 && target[(hard + 1)..].IndexOfAnyExcept(0f) < 0 ? hard : Soft;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Read(long row, Span<double> target, Span<double> low)
    {
        labels.Read(row * classes, target[..classes]);
        target[classes..].Clear();
        if (normalizes) Normalize(target[..classes], low);
        return FindHard(target);
    }

    /// <summary>Divides a row by its sum; takes what rounding took from each number, where that is wanted.</summary>
    private static void Normalize(Span<double> row, Span<double> low)
    {
        low.Clear();
        // Neumaier's sum
        var (sum, rest) = (0.0, 0.0);
        foreach (var t in row)
        {
            var next = sum + t;
            rest += sum >= t ? sum - next + t : t - next + sum;
            sum = next;
        }
        var total = sum + rest;
        rest += sum - total;
        if (total == 1 && rest == 0) return;
        for (var c = 0; c < row.Length; c++)
        {
            var quotient = row[c] / total;
            if (!low.IsEmpty) low[c] = (Math.FusedMultiplyAdd(-quotient, total, row[c]) - quotient * rest) / total;
            row[c] = quotient;
        }
    }
}
