using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>An element as a tensor stores it: how a kernel reads four of them, widened to double.</summary>
internal unsafe interface IStored<TSelf> where TSelf : unmanaged, IStored<TSelf>
{
    /// <summary>Reads four elements.</summary>
    static abstract Vector256<double> Load(TSelf* source);

    /// <summary>Reads eight elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static virtual Vector512<double> LoadEight(TSelf* source) =>
        Vector512.Create(TSelf.Load(source), TSelf.Load(source + Vector256<double>.Count));

    /// <summary>Reads eight elements, none infinite or NaN.</summary>
    static virtual Vector512<double> LoadEightFinite(TSelf* source) => TSelf.LoadEight(source);
}
