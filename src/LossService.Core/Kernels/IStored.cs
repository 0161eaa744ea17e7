using System.Runtime.Intrinsics;

namespace LossService.Core.Kernels;

/// <summary>An element as a tensor stores it: how a kernel reads four of them, widened to double.</summary>
internal unsafe interface IStored<TSelf> where TSelf : unmanaged, IStored<TSelf>
{
    /// <summary>Reads four elements.</summary>
    static abstract Vector256<double> Load(TSelf* source);
}
