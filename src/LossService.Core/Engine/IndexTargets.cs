using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>Targets of labels that are class indices.</summary>
internal sealed class IndexTargets(Tensor labels) : TargetRows
{
    /// <inheritdoc/>
    public override bool AreRows => false;

    /// <inheritdoc/>
    public override RowTarget Read(long row, NumberRow<Dd> target)
    {
        var label = (int)labels.Integer(row);
        target.Hi.Clear();
        target.Hi[label] = 1;
        return new(label) { IsExact = true };
    }

    /// <inheritdoc/>
    public override int FindTrueClass(long row, Span<double> target, bool wantsEntropy, out double negatedEntropy)
    {
        negatedEntropy = 0;
        return (int)labels.Integer(row);
    }
}
