using System.Runtime.Intrinsics;

namespace LossService.Core.Kernels;

/// <summary>How a kernel reads the elements of a tensor: eight at a time, widened to double.</summary>
internal unsafe interface IStored<TSelf> where TSelf : unmanaged, IStored<TSelf>
{
    /// <summary>Eight elements.</summary>
    static abstract Vector512<double> Load(TSelf* source);
}
