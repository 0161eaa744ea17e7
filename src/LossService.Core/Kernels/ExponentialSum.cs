using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>Σ e_c, with the terms that are 1 summed separately, next to which small terms would lose their digits.</summary>
internal struct ExponentialSum
{
    private Vector256<double> _below, _ones;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector256<double> e)
    {
        var isBelow = Vector256.LessThan(e, Vector256<double>.One);
        _below = Lanes.Select(isBelow, _below + e, _below);
        _ones = Lanes.Select(isBelow, _ones, _ones + e);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddWithLargest(Vector256<double> sum) => _ones += sum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly double WithoutLargest() => SumLanes(_below) + (SumLanes(_ones) - 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double SumLanes(Vector256<double> sum)
    {
        var two = sum.GetLower() + sum.GetUpper();
        return two[0] + two[1];
    }
}
