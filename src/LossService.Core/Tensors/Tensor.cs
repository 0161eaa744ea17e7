using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LossService.Core.Tensors;

/// <summary>
/// Numbers in row-major order, of any <see cref="DType"/>, in unmanaged memory. Only this type and the kernels' element types know how
/// an element is stored; other code reads and writes spans of doubles.
/// </summary>
public sealed unsafe class Tensor : IDisposable
{
    private readonly NativeBuffer? _owned;
    private readonly byte* _data;

    /// <summary>Makes a tensor with memory of its own, not initialised.</summary>
    /// <param name="dtype">The type of the elements.</param>
    /// <param name="shape">The lengths of the axes.</param>
    /// <param name="budget">What the memory is taken from; null = not counted.</param>
    /// <exception cref="MemoryBudgetException">The budget has not enough left.</exception>
    public Tensor(DType dtype, Shape shape, MemoryBudget? budget = null)
        : this(dtype, shape, new NativeBuffer((nuint)(shape.Count * dtype.Size()), budget)) { }

    /// <summary>Makes a tensor over <paramref name="buffer"/>, and takes over its disposal.</summary>
    public Tensor(DType dtype, Shape shape, NativeBuffer buffer) : this(dtype, shape, buffer.Address) => _owned = buffer;

    /// <summary>Makes a view of memory that the caller owns and must keep alive.</summary>
    public Tensor(DType dtype, Shape shape, byte* data)
    {
        DType = dtype;
        Shape = shape;
        Count = shape.Count;
        _data = data;
    }

    /// <summary>The type of the elements.</summary>
    public DType DType { get; }

    /// <summary>The lengths of the axes.</summary>
    public Shape Shape { get; }

    /// <summary>The number of elements.</summary>
    public long Count { get; }

    /// <summary>The bytes of all elements.</summary>
    public long Bytes => Count * DType.Size();

    /// <summary>Whether every element is known to be finite, since its reader accepts no other; false = not known.</summary>
    public bool IsFinite { get; init; }

    /// <summary>The address of the first element.</summary>
    public byte* Data => _data;

    /// <summary>The address of an element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal byte* At(long element) => _data + element * DType.Size();

    /// <summary>The elements as <typeparamref name="T"/>, which must have the dtype's size; for tensors below 2^31 elements.</summary>
    /// <exception cref="InvalidOperationException">The sizes differ.</exception>
    public Span<T> AsSpan<T>() where T : unmanaged
    {
        if (sizeof(T) != DType.Size()) throw new InvalidOperationException($"{typeof(T).Name} does not have the size of {DType.Name()}");
        return new(_data, checked((int)Count));
    }

    /// <summary>Widens the elements from <paramref name="start"/> on to doubles: exact, except 64-bit integers beyond ±2^53.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Read(long start, Span<double> destination)
    {
        var source = At(start);
        var n = destination.Length;
        switch (DType)
        {
            case DType.Float64: new ReadOnlySpan<double>(source, n).CopyTo(destination); break;
            case DType.Float32: Widening.Widen((float*)source, destination); break;
            case DType.Float16: Widening.Widen((Half*)source, destination); break;
            case DType.BFloat16: Widening.WidenBFloat16((ushort*)source, destination); break;
            case DType.Bool or DType.UInt8: Widening.Widen(source, destination); break;
            case DType.Int8: Widening.Widen((sbyte*)source, destination); break;
            case DType.Int16: Widening.Widen((short*)source, destination); break;
            case DType.UInt16: Widening.Widen((ushort*)source, destination); break;
            case DType.Int32: Widening.Widen((int*)source, destination); break;
            case DType.UInt32: Widening.Widen((uint*)source, destination); break;
            case DType.Int64: Widening.Widen((long*)source, destination); break;
            default: Widening.Widen((ulong*)source, destination); break;
        }
    }

    /// <summary>Narrows doubles to the elements from <paramref name="start"/> on, each rounded once, to nearest even.</summary>
    /// <remarks>For the four float dtypes, and for int64, which drops the fraction.</remarks>
    /// <exception cref="InvalidOperationException">The tensor has another dtype.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(long start, ReadOnlySpan<double> source)
    {
        var destination = At(start);
        var n = source.Length;
        switch (DType)
        {
            case DType.Float64: source.CopyTo(new Span<double>(destination, n)); break;
            case DType.Float32: Narrowing.Narrow(source, (float*)destination); break;
            case DType.Float16: Narrowing.Narrow(source, (Half*)destination); break;
            case DType.BFloat16: Narrowing.NarrowBFloat16(source, (ushort*)destination); break;
            case DType.Int64: Narrowing.Narrow(source, (long*)destination); break;
            default: throw new InvalidOperationException($"results are not written as {DType.Name()}");
        }
    }

    /// <summary>The integer or bool at <paramref name="element"/>; a uint64 of 2^63 or more is <see cref="long.MaxValue"/>.</summary>
    /// <exception cref="InvalidOperationException">The dtype is a float.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Integer(long element) => DType switch
    {
        DType.Int64 => ((long*)_data)[element],
        DType.Int32 => ((int*)_data)[element],
        DType.Bool or DType.UInt8 => _data[element],
        DType.Int8 => ((sbyte*)_data)[element],
        DType.Int16 => ((short*)_data)[element],
        DType.UInt16 => ((ushort*)_data)[element],
        DType.UInt32 => ((uint*)_data)[element],
        DType.UInt64 => (long)ulong.Min(((ulong*)_data)[element], long.MaxValue),
        _ => throw new InvalidOperationException($"{DType.Name()} is not an integer dtype"),
    };

    /// <summary>
    /// The element as text, for error messages: the shortest decimal that reads back as the same value of the tensor's dtype, so
    /// that a float32 2.2 is <c>2.2</c>; <c>1e10</c>, <c>NaN</c>, <c>Infinity</c>, <c>-Infinity</c>; bools as 0 and 1.
    /// </summary>
    public string Text(long element) => DType switch
    {
        DType.Float64 => ShortestText.Write(((double*)_data)[element], ParseDouble),
        DType.Float32 => ShortestText.Write(((float*)_data)[element], text => float.Parse(text, CultureInfo.InvariantCulture)),
        DType.Float16 => ShortestText.Write(
            (double)((Half*)_data)[element], text => (double)Half.Parse(text, CultureInfo.InvariantCulture)),
        DType.BFloat16 => ShortestText.Write(
            FromBFloat16(((ushort*)_data)[element]), text => FromBFloat16(ToBFloat16(ParseDouble(text)))),
        DType.UInt64 => ((ulong*)_data)[element].ToString(CultureInfo.InvariantCulture),
        _ => Integer(element).ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Sets <paramref name="count"/> elements from <paramref name="start"/> on to 0.</summary>
    public void Clear(long start, long count) =>
        NativeMemory.Clear(At(start), (nuint)(count * DType.Size()));

    /// <inheritdoc/>
    public void Dispose() => _owned?.Dispose();

    private static double ParseDouble(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static float FromBFloat16(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    private static ushort ToBFloat16(double value)
    {
        ushort bits;
        Narrowing.NarrowBFloat16([value], &bits);
        return bits;
    }
}
