using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>A row of numbers, the nearest doubles and the rests in separate spans, read and written four at a time.</summary>
/// <remarks>The length is a multiple of <see cref="Lanes.Width"/>: rows are padded with elements that add exactly 0.</remarks>
internal readonly ref struct NumberRow<TNumber>(Span<double> hi, Span<double> lo) where TNumber : struct, IFourNumbers<TNumber>
{
    /// <summary>The values rounded to double.</summary>
    public Span<double> Hi { get; } = hi;

    /// <summary>The rests; not used by an arithmetic without them.</summary>
    public Span<double> Lo { get; } = lo;

    /// <summary>The padded number of elements.</summary>
    public int Length => Hi.Length;

    /// <summary>The four elements from <paramref name="start"/> on.</summary>
    public TNumber this[int start]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TNumber.HasRest
            ? TNumber.Of(
                Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(Hi), (nuint)start),
                Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(Lo), (nuint)start))
            : TNumber.Of(Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(Hi), (nuint)start));
    }

    /// <summary>Writes the four elements from <paramref name="start"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public void Store(int start, TNumber value)
    {
        value.Round().StoreUnsafe(ref MemoryMarshal.GetReference(Hi), (nuint)start);
        if (TNumber.HasRest) value.Rest().StoreUnsafe(ref MemoryMarshal.GetReference(Lo), (nuint)start);
    }

    /// <summary>The elements from <paramref name="start"/> on, in another arithmetic.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TOther Load<TOther>(int start) where TOther : struct, IArithmetic<TOther> => TOther.Load(
        ref Unsafe.Add(ref MemoryMarshal.GetReference(Hi), start), ref Unsafe.Add(ref MemoryMarshal.GetReference(Lo), start));

    /// <summary>Writes the elements from <paramref name="start"/> on, from another arithmetic.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public void Store<TOther>(int start, TOther numbers) where TOther : struct, IArithmetic<TOther> => numbers.Store(
        ref Unsafe.Add(ref MemoryMarshal.GetReference(Hi), start), ref Unsafe.Add(ref MemoryMarshal.GetReference(Lo), start));

    /// <summary>Writes the same, of numbers whose first doubles are the nearest to them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreNormalized<TOther>(int start, TOther numbers) where TOther : struct, IWideNumbers<TOther> => numbers.StoreParts(
        ref Unsafe.Add(ref MemoryMarshal.GetReference(Hi), start), ref Unsafe.Add(ref MemoryMarshal.GetReference(Lo), start));

    /// <summary>The element at <paramref name="index"/>, in every lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public TNumber Broadcast(int index) =>
        TNumber.Of(Vector256.Create(Hi[index]), Vector256.Create(TNumber.HasRest ? Lo[index] : 0));

    /// <summary>Writes the element at <paramref name="index"/> from lane 0 of <paramref name="value"/>.</summary>
    public void SetOne(int index, TNumber value) => (Hi[index], Lo[index]) = (value.Round().ToScalar(), value.Rest().ToScalar());

    /// <summary>Sets every element to 0.</summary>
    public void Clear()
    {
        Hi.Clear();
        Lo.Clear();
    }

    /// <summary>The sum of the four lanes, in every lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static TNumber SumOfLanes(TNumber a)
    {
        var sum = Dd.SumOfLanes(new(a.Round(), a.Rest()));
        return TNumber.Of(sum.Hi, sum.Lo);
    }
}
