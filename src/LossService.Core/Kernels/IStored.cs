using System.Runtime.Intrinsics;

namespace LossService.Core.Kernels;

/// <summary>An element as a tensor stores it: how a kernel reads four or eight of them, widened to double.</summary>
internal unsafe interface IStored<TSelf> where TSelf : unmanaged, IStored<TSelf>
{
    /// <summary>Reads eight elements.</summary>
    static abstract Vector512<double> Load(TSelf* source);

    /// <summary>Reads four elements.</summary>
    static abstract Vector256<double> LoadFour(TSelf* source);
}
