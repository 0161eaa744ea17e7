using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

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

    /// <summary>The number of rows: elements / last axis.</summary>
    public long Rows => Shape.Last == 0 ? 0 : Count / Shape.Last;

    /// <summary>Whether every element is known to be finite, since its reader accepts no other; false = not known.</summary>
    public bool IsFinite { get; init; }

    /// <summary>The address of the first element.</summary>
    public byte* Data => _data;

    /// <summary>The address of an element.</summary>
    internal byte* At(long element) => _data + element * DType.Size();

    /// <summary>The elements as <typeparamref name="T"/>, which must have the dtype's size; for tensors below 2^31 elements.</summary>
    /// <exception cref="InvalidOperationException">The sizes differ.</exception>
    public Span<T> AsSpan<T>() where T : unmanaged
    {
        if (sizeof(T) != DType.Size()) throw new InvalidOperationException($"{typeof(T).Name} does not have the size of {DType.Name()}");
        return new(_data, checked((int)Count));
    }

    /// <summary>Widens the elements from <paramref name="start"/> on to doubles: exact, except 64-bit integers beyond ±2^53.</summary>
    public void Read(long start, Span<double> destination)
    {
        var source = At(start);
        var n = destination.Length;
        switch (DType)
        {
            case DType.Float64: new ReadOnlySpan<double>(source, n).CopyTo(destination); break;
            case DType.Float32: Widen((float*)source, destination); break;
            case DType.Float16: for (var i = 0; i < n; i++) destination[i] = (double)((Half*)source)[i]; break;
            case DType.BFloat16: for (var i = 0; i < n; i++) destination[i] = FromBFloat16(((ushort*)source)[i]); break;
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

    /// <summary>Narrows doubles to the elements from <paramref name="start"/> on, each rounded once, to nearest even.</summary>
    /// <remarks>For the four float dtypes, and for int64, which drops the fraction.</remarks>
    /// <exception cref="InvalidOperationException">The tensor has another dtype.</exception>
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
            Vector256.Narrow(Vector256.LoadUnsafe(in source[i]), Vector256.LoadUnsafe(in source[i + 4])).Store(destination + i);
        }
        for (; i < source.Length; i++) destination[i] = (float)source[i];
    }

    private static double ParseDouble(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static float FromBFloat16(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>Rounds to float by round-to-odd, so that the second rounding, to bfloat16, gives the nearest even.</summary>
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
