using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Tensors;

/// <summary>
/// Numbers in row-major order, of any <see cref="DType"/>, in unmanaged memory. The only place that knows how an element is
/// stored: everyone else reads and writes spans of doubles.
/// </summary>
public sealed unsafe class Tensor : IDisposable
{
    private readonly NativeBuffer? _owned;
    private readonly byte* _data;

    /// <summary>Makes a tensor of its own memory, not initialised.</summary>
    public Tensor(DType dtype, Shape shape) : this(dtype, shape, new NativeBuffer((nuint)(shape.Count * dtype.Size()))) { }

    /// <summary>Makes a tensor over <paramref name="buffer"/>, which it disposes of.</summary>
    public Tensor(DType dtype, Shape shape, NativeBuffer buffer) : this(dtype, shape, buffer.Address) => _owned = buffer;

    /// <summary>Makes a view of memory that someone else owns and keeps alive.</summary>
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

    /// <summary>The number of rows: elements / last axis.</summary>
    public long Rows => Shape.Last == 0 ? 0 : Count / Shape.Last;

    /// <summary>
    /// Whether every element is known to be finite, because the reader of this tensor admits no other; false = not known.
    /// </summary>
    public bool IsFinite { get; init; }

    /// <summary>The elements' bytes.</summary>
    public byte* Data => _data;

    /// <summary>Where an element's bytes begin.</summary>
    internal byte* At(long element) => _data + element * DType.Size();

    /// <summary>The elements as <typeparamref name="T"/>, whose size is the dtype's; for tensors below 2^31 elements.</summary>
    public Span<T> AsSpan<T>() where T : unmanaged
    {
        if (sizeof(T) != DType.Size()) throw new InvalidOperationException($"{typeof(T).Name} is no {DType.Name()}");
        return new(_data, checked((int)Count));
    }

    /// <summary>Widens the elements from <paramref name="start"/> on into doubles; exact but for 64-bit integers beyond ±2^53.</summary>
    public void Read(long start, Span<double> destination)
    {
        var source = At(start);
        var n = destination.Length;
        switch (DType)
        {
            case DType.Float64: new ReadOnlySpan<double>(source, n).CopyTo(destination); break;
            case DType.Float32: Widen((float*)source, destination); break;
            case DType.Float16: for (var i = 0; i < n; i++) destination[i] = (double)((Half*)source)[i]; break;
            case DType.BFloat16: for (var i = 0; i < n; i++) destination[i] = BitConverter.UInt32BitsToSingle((uint)((ushort*)source)[i] << 16); break;
            case DType.Bool or DType.UInt8: for (var i = 0; i < n; i++) destination[i] = source[i]; break;
            case DType.Int8: for (var i = 0; i < n; i++) destination[i] = ((sbyte*)source)[i]; break;
            case DType.Int16: for (var i = 0; i < n; i++) destination[i] = ((short*)source)[i]; break;
            case DType.UInt16: for (var i = 0; i < n; i++) destination[i] = ((ushort*)source)[i]; break;
            case DType.Int32: for (var i = 0; i < n; i++) destination[i] = ((int*)source)[i]; break;
            case DType.UInt32: for (var i = 0; i < n; i++) destination[i] = ((uint*)source)[i]; break;
            case DType.Int64: Widen((long*)source, destination); break;
            default: for (var i = 0; i < n; i++) destination[i] = ((ulong*)source)[i]; break;
        }
    }

    /// <summary>Narrows doubles into the elements from <paramref name="start"/> on, each rounded once, to nearest even.</summary>
    /// <remarks>For the four float dtypes and int64.</remarks>
    public void Write(long start, ReadOnlySpan<double> source)
    {
        var destination = At(start);
        var n = source.Length;
        switch (DType)
        {
            case DType.Float64: source.CopyTo(new Span<double>(destination, n)); break;
            case DType.Float32: Narrow(source, (float*)destination); break;
            case DType.Float16: for (var i = 0; i < n; i++) ((Half*)destination)[i] = (Half)source[i]; break;
            case DType.BFloat16: for (var i = 0; i < n; i++) ((ushort*)destination)[i] = ToBFloat16(source[i]); break;
            case DType.Int64: for (var i = 0; i < n; i++) ((long*)destination)[i] = (long)source[i]; break;
            default: throw new InvalidOperationException($"no result is written as {DType.Name()}");
        }
    }

    /// <summary>The integer at <paramref name="element"/>, for the integer dtypes; a uint64 beyond 2^63 is <see cref="long.MaxValue"/>.</summary>
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
        _ => throw new InvalidOperationException($"{DType.Name()} is no integer"),
    };

    /// <summary>Sets <paramref name="count"/> elements from <paramref name="start"/> on to 0.</summary>
    public void Clear(long start, long count) =>
        NativeMemory.Clear(At(start), (nuint)(count * DType.Size()));

    /// <inheritdoc/>
    public void Dispose() => _owned?.Dispose();

    private static void Widen(float* source, Span<double> destination)
    {
        var i = 0;
        for (; i <= destination.Length - 8; i += 8)
        {
            var (lower, upper) = Vector256.Widen(Vector256.Load(source + i));
            Vector512.Create(lower, upper).StoreUnsafe(ref destination[i]);
        }
        for (; i < destination.Length; i++) destination[i] = source[i];
    }

    private static void Widen(long* source, Span<double> destination)
    {
        var i = 0;
        for (; i <= destination.Length - 8; i += 8) Vector512.ConvertToDouble(Vector512.Load(source + i)).StoreUnsafe(ref destination[i]);
        for (; i < destination.Length; i++) destination[i] = source[i];
    }

    private static void Narrow(ReadOnlySpan<double> source, float* destination)
    {
        var i = 0;
        for (; i <= source.Length - 8; i += 8)
        {
            Vector256.Narrow(
                Vector256.LoadUnsafe(in source[i]),
                Vector256.LoadUnsafe(in source[i + 4])).Store(destination + i);
        }
        for (; i < source.Length; i++) destination[i] = (float)source[i];
    }

    /// <summary>Rounds once: to float with the last bit sticky (round to odd), which makes the second rounding exact.</summary>
    private static ushort ToBFloat16(double value)
    {
        if (double.IsNaN(value)) return 0x7FC0;
        var bits = BitConverter.SingleToUInt32Bits((float)value);
        var rounded = (double)BitConverter.UInt32BitsToSingle(bits);
        if (rounded != value && !double.IsInfinity(rounded))
        {
            if (double.Abs(rounded) > double.Abs(value)) bits--;
            bits |= 1;
        }
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
