using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Kernels;

/// <summary>What rows of logits add to the sums of an overlap, and their gradients, for any dtype of the logits.</summary>
internal interface IOverlapRows : IDisposable
{
    /// <summary>Adds four rows with one true class each to the sums.</summary>
    /// <returns>Whether it did: not where a probability is no normal number.</returns>
    bool Add(Tensor predictions, in OverlapBlock block);

    /// <summary>Adds the sums to those of a group, and sets them to 0.</summary>
    /// <param name="truePositives">Σw·p·t of each class.</param>
    /// <param name="falsePositives">Σw·p·(1 − t).</param>
    /// <param name="falseNegatives">Σw·(1 − p)·t.</param>
    void Drain(NumberRow<Dd> truePositives, NumberRow<Dd> falsePositives, NumberRow<Dd> falseNegatives);

    /// <summary>Writes the gradients of four rows with one true class each.</summary>
    /// <param name="predictions">The logits.</param>
    /// <param name="gradient">Where to.</param>
    /// <param name="block">The rows.</param>
    /// <param name="outside">For each class, the derivative at an element that the label does not have.</param>
    /// <param name="inside">The negated derivative at one that it has.</param>
    /// <returns>All bits set in the lanes of rows that it did not write, or that lack digits.</returns>
    int Write(Tensor predictions, Tensor gradient, in OverlapBlock block, ReadOnlySpan<double> outside, ReadOnlySpan<double> inside);
}
