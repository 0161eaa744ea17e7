using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>
/// A sum over the classes of a row in eight lanes, to which numbers in four or in eight are added: the bits are the same. Each lane is a
/// sum of two doubles.
/// </summary>
internal struct WideSum
{
    private EightDoubles _hi, _lo;

    /// <summary>The sum, in every lane.</summary>
    public readonly Dd Total => Dd.SumOfLanes(GetLanes(0) + GetLanes(Lanes.Width));

    /// <summary>Adds the numbers of the classes from <paramref name="start"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add<TNumber>(int start, TNumber addends) where TNumber : struct, IWideNumbers<TNumber>
    {
        ref var hi = ref _hi.At<TNumber>(start);
        ref var lo = ref _lo.At<TNumber>(start);
        (TNumber.Load(ref hi, ref lo) + addends).StoreParts(ref hi, ref lo);
    }

    /// <summary>The same without one class, which need not be among them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddBut<TNumber>(int excepted, int start, TNumber addends) where TNumber : struct, IWideNumbers<TNumber>
    {
        var lane = excepted - start;
        if ((uint)lane < (uint)TNumber.Count) addends = TNumber.Select(TNumber.LaneIs(lane), TNumber.Zero, addends);
        Add(start, addends);
    }

    /// <summary>
    /// Adds two sums of every second vector of a loop, each with the vector's lanes: <paramref name="own"/> of those that the next vector
    /// would be added to, <paramref name="other"/> of the others. Vectors of eight have one sum.
    /// </summary>
    /// <param name="end">The class after the loop's last.</param>
    /// <param name="own">The first sum.</param>
    /// <param name="other">The second.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddRun<TNumber>(int end, TNumber own, TNumber other) where TNumber : struct, IWideNumbers<TNumber>
    {
        Add(end, own);
        if (TNumber.Count < Lanes.Most) Add(end + TNumber.Count, other);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly Dd GetLanes(int start) => Dd.Sum(Vector256.LoadUnsafe(in _hi[start]), Vector256.LoadUnsafe(in _lo[start]));
}

/// <summary>The same of sizes, whose last digits do not matter.</summary>
internal struct SizeSum
{
    private EightDoubles _sizes;

    /// <summary>The sum.</summary>
    public readonly double Total => Vector256.Sum(Vector256.LoadUnsafe(in _sizes[0]) + Vector256.LoadUnsafe(in _sizes[Lanes.Width]));

    /// <inheritdoc cref="WideSum.Add"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add<TNumber>(int start, TNumber addends) where TNumber : struct, IWideNumbers<TNumber>
    {
        ref var sizes = ref _sizes.At<TNumber>(start);
        (TNumber.Load(ref sizes) + addends).StoreHigh(ref sizes);
    }
}

/// <summary>Eight lanes in memory.</summary>
[InlineArray(Lanes.Most)]
internal struct EightDoubles
{
    private double _first;

    /// <summary>The lanes of the classes from <paramref name="start"/> on, as many as an arithmetic has.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    [UnscopedRef]
    public ref double At<TNumber>(int start) where TNumber : struct, IArithmetic<TNumber> =>
        ref Unsafe.Add(ref _first, start & (Lanes.Most - TNumber.Count));
}
