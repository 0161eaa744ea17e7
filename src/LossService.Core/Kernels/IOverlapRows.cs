using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Kernels;

/// <summary>What rows of logits add to the sums of an overlap, and their gradients, for any dtype of the logits.</summary>
internal interface IOverlapRows : IDisposable
{
    /// <summary>Where to write the target of a row of the next block, padded.</summary>
    Span<double> Target(int lane);

    /// <summary>Adds four rows to the sums.</summary>
    /// <returns>Whether it did: not where a probability is no normal number.</returns>
    bool Add(Tensor predictions, in OverlapBlock block);

    /// <summary>Adds the sums to those of a group, and sets them to 0.</summary>
    /// <param name="truePositives">Σw·p·t of each class.</param>
    /// <param name="falsePositives">Σw·p·(1 − t).</param>
    /// <param name="falseNegatives">Σw·(1 − p)·t.</param>
    void Drain(NumberRow<Dd> truePositives, NumberRow<Dd> falsePositives, NumberRow<Dd> falseNegatives);

    /// <summary>Sets what the gradients of the next rows are computed with.</summary>
    /// <param name="outside">For each class, the derivative at an element that the label does not have; finite.</param>
    /// <param name="inside">The negated derivative at one that it has; finite.</param>
    void SetDerivatives(NumberRow<Dd> outside, NumberRow<Dd> inside);

    /// <summary>Writes the gradients of four rows.</summary>
    /// <param name="predictions">The logits.</param>
    /// <param name="gradient">Where to, in the same dtype.</param>
    /// <param name="block">The rows.</param>
    /// <returns>All bits set in the lanes of rows that it did not write, or that lack digits.</returns>
    int Write(Tensor predictions, Tensor gradient, in OverlapBlock block);
}
