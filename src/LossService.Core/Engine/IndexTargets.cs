using System.Runtime.CompilerServices;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>Targets of labels that are class indices.</summary>
internal sealed class IndexTargets(Tensor labels) : TargetRows
{
    /// <inheritdoc/>
    public override bool AreRows => false;

    /// <inheritdoc/>
    public override bool FindsClasses => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public override unsafe void FindClasses(long first, Span<int> classes)
    {
        if (labels.DType == DType.Int64)
        {
            var posted = (long*)labels.At(first);
            for (var i = 0; i < classes.Length; i++) classes[i] = (int)posted[i];
        }
        else
        {
            for (var i = 0; i < classes.Length; i++) classes[i] = (int)labels.Integer(first + i);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override RowTarget Read(long row, NumberRow<Dd> target)
    {
        var label = (int)labels.Integer(row);
        target.Hi.Clear();
        target.Hi[label] = 1;
        return new(label) { IsExact = true };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override int FindTrueClass(long row, Span<double> target, bool wantsEntropy, out double negatedEntropy)
    {
        negatedEntropy = 0;
        return (int)labels.Integer(row);
    }
}
