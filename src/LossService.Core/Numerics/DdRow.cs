using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>A row of double-doubles, high and low parts in separate spans, read and written eight at a time.</summary>
/// <remarks>The length is a multiple of <see cref="Width"/>: rows are padded with elements that add exactly 0.</remarks>
internal readonly ref struct DdRow(Span<double> hi, Span<double> lo)
{
    /// <summary>The elements of one operation.</summary>
    public const int Width = VectorMath.Width;

    /// <summary>The high parts: the values rounded to double.</summary>
    public Span<double> Hi { get; } = hi;

    /// <summary>The low parts.</summary>
    public Span<double> Lo { get; } = lo;

    /// <summary>The padded number of elements.</summary>
    public int Length => Hi.Length;

    /// <summary>The eight elements from <paramref name="start"/> on.</summary>
    public Dd this[int start]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(
            Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(Hi), (nuint)start),
            Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(Lo), (nuint)start));
    }

    /// <summary>Writes the eight elements from <paramref name="start"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int start, Dd value)
    {
        value.Hi.StoreUnsafe(ref MemoryMarshal.GetReference(Hi), (nuint)start);
        value.Lo.StoreUnsafe(ref MemoryMarshal.GetReference(Lo), (nuint)start);
    }

    /// <summary>The element at <paramref name="index"/>, in every lane.</summary>
    public Dd Broadcast(int index) => new(Vector512.Create(Hi[index]), Vector512.Create(Lo[index]));

    /// <summary>Writes the element at <paramref name="index"/> from lane 0 of <paramref name="value"/>.</summary>
    public void SetOne(int index, Dd value) => (Hi[index], Lo[index]) = (value.ToScalar(), value.Lo[0]);

    /// <summary>Sets every element to 0.</summary>
    public void Clear()
    {
        Hi.Clear();
        Lo.Clear();
    }

    /// <summary>All bits set in the lane with that number; no bits set where it is not 0 to 7.</summary>
    public static Vector512<double> LaneIs(int lane) =>
        Vector512.Equals(Vector512.Create(0.0, 1, 2, 3, 4, 5, 6, 7), Vector512.Create((double)lane));

    /// <summary>The length of a row of <paramref name="count"/> elements with its padding.</summary>
    public static int Padded(int count) => (count + Width - 1) & -Width;
}
