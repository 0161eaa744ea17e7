using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>A loss of σ(z) and t that may have a kernel: a form of it for logits in plain doubles, from tensor to tensor.</summary>
internal interface ILogisticLoss
{
    /// <summary>The labels that the kernel takes; in float64, only those that are 0 or 1.</summary>
    static virtual LogisticLabels KernelLabels => LogisticLabels.None;

    /// <summary>The losses of some elements, and their derivatives by z.</summary>
    static virtual TNumber AtLogit<TNumber>(in LogisticElement<TNumber> e, out TNumber derivative)
        where TNumber : struct, IPlainNumbers<TNumber> => throw new NotSupportedException("The loss has no kernel");

    /// <summary>The same of a loss whose kernel takes <see cref="LogisticLabels.Hard"/>.</summary>
    static virtual TNumber AtHardLabel<TNumber>(in HardElement<TNumber> e, out TNumber derivative)
        where TNumber : struct, IPlainNumbers<TNumber> => throw new NotSupportedException("The loss has no kernel for hard labels alone");
}
