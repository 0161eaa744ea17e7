using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace LossService.Client;

/// <summary>A tensor that is sent, or was received: elements in row-major order, their type, and a shape.</summary>
/// <remarks>
/// <see cref="Of{T}(T[], ReadOnlySpan{nint})"/> and its overloads look into the caller's memory, which must not change until the request is
/// complete; <see cref="Copy{T}(ReadOnlySpan{T}, ReadOnlySpan{nint})"/> and its overloads copy what a task cannot hold on to.
/// </remarks>
public sealed class LossTensor
{
    private readonly nint[] _shape;
    private readonly Array? _array;
    private readonly Type _type;

    private LossTensor(Type type, LossDType dtype, ReadOnlyMemory<byte> bytes, ReadOnlySpan<nint> shape, Array? array)
    {
        long count = 1;
        foreach (var axis in shape) count = checked(count * axis);
        if (count * dtype.Size() != bytes.Length)
            throw new ArgumentException(
                $"the shape [{string.Join(", ", shape.ToArray())}] has {count} elements, and there are {bytes.Length / dtype.Size()}");
        (_type, DType, Bytes, _shape, _array) = (type, dtype, bytes, shape.ToArray(), array);
    }

    /// <summary>The type of the elements.</summary>
    public LossDType DType { get; }

    /// <summary>The length of each axis; empty for a single number.</summary>
    public ReadOnlySpan<nint> Shape => _shape;

    /// <summary>The elements as bytes, little-endian.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>A view of an array.</summary>
    /// <param name="values">The elements, row-major.</param>
    /// <param name="shape">The length of each axis; none = one axis.</param>
    /// <typeparam name="T">A number of 8 to 64 bits, or <see cref="bool"/>.</typeparam>
    /// <exception cref="ArgumentException">The shape has another number of elements.</exception>
    /// <exception cref="NotSupportedException">The service knows no such type.</exception>
    public static LossTensor Of<T>(T[] values, params ReadOnlySpan<nint> shape) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(values);
        return new(typeof(T), ElementTypes.DTypeOf(typeof(T)), new ElementMemory<T>(values.AsMemory()).Memory,
            ShapeOr(shape, values.Length), values);
    }

    /// <summary>A view of memory.</summary>
    /// <inheritdoc cref="Of{T}(T[], ReadOnlySpan{nint})"/>
    public static LossTensor Of<T>(ReadOnlyMemory<T> values, params ReadOnlySpan<nint> shape) where T : unmanaged =>
        new(typeof(T), ElementTypes.DTypeOf(typeof(T)), new ElementMemory<T>(values).Memory, ShapeOr(shape, values.Length), null);

    /// <summary>A view of a tensor; a copy where its elements do not stand one behind the other.</summary>
    /// <inheritdoc cref="Of{T}(T[], ReadOnlySpan{nint})"/>
    public static LossTensor Of<T>(Tensor<T> values) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(values);
        return values.IsDense
            ? new(typeof(T), ElementTypes.DTypeOf(typeof(T)), new ElementMemory<T>(values).Memory, values.Lengths, null)
            : Copy(values.AsReadOnlyTensorSpan());
    }

    /// <summary>A view of bytes, for a dtype that .NET has no type for.</summary>
    /// <param name="dtype">The type of the elements.</param>
    /// <param name="bytes">The elements, row-major and little-endian.</param>
    /// <param name="shape">The length of each axis.</param>
    /// <exception cref="ArgumentException">The shape has another number of elements.</exception>
    public static LossTensor Of(LossDType dtype, ReadOnlyMemory<byte> bytes, params ReadOnlySpan<nint> shape) =>
        new(dtype.ElementType(), dtype, bytes, shape, null);

    /// <summary>A copy of a span.</summary>
    /// <inheritdoc cref="Of{T}(T[], ReadOnlySpan{nint})"/>
    public static LossTensor Copy<T>(ReadOnlySpan<T> values, params ReadOnlySpan<nint> shape) where T : unmanaged =>
        Of(values.ToArray(), ShapeOr(shape, values.Length));

    /// <summary>A copy of a tensor's span.</summary>
    /// <inheritdoc cref="Of{T}(T[], ReadOnlySpan{nint})"/>
    public static LossTensor Copy<T>(in ReadOnlyTensorSpan<T> values) where T : unmanaged
    {
        var elements = GC.AllocateUninitializedArray<T>(checked((int)values.FlattenedLength));
        values.FlattenTo(elements);
        return new(typeof(T), ElementTypes.DTypeOf(typeof(T)), new ElementMemory<T>(elements.AsMemory()).Memory, values.Lengths, elements);
    }

    /// <summary>A copy of rows.</summary>
    /// <inheritdoc cref="Of{T}(T[], ReadOnlySpan{nint})"/>
    public static LossTensor Copy<T>(T[,] rows) where T : unmanaged => Copy(new ReadOnlyTensorSpan<T>(rows));

    /// <summary>A view of an array with one axis.</summary>
    public static implicit operator LossTensor(float[] values) => Of(values);

    /// <inheritdoc cref="op_Implicit(float[])"/>
    public static implicit operator LossTensor(double[] values) => Of(values);

    /// <inheritdoc cref="op_Implicit(float[])"/>
    public static implicit operator LossTensor(int[] values) => Of(values);

    /// <inheritdoc cref="op_Implicit(float[])"/>
    public static implicit operator LossTensor(long[] values) => Of(values);

    /// <inheritdoc cref="op_Implicit(float[])"/>
    public static implicit operator LossTensor(byte[] values) => Of(values);

    /// <inheritdoc cref="op_Implicit(float[])"/>
    public static implicit operator LossTensor(bool[] values) => Of(values);

    /// <summary>A copy of rows.</summary>
    public static implicit operator LossTensor(float[,] rows) => Copy(rows);

    /// <inheritdoc cref="op_Implicit(float[,])"/>
    public static implicit operator LossTensor(double[,] rows) => Copy(rows);

    /// <summary>A view of a tensor.</summary>
    public static implicit operator LossTensor(Tensor<float> values) => Of(values);

    /// <inheritdoc cref="op_Implicit(Tensor{float})"/>
    public static implicit operator LossTensor(Tensor<double> values) => Of(values);

    /// <inheritdoc cref="op_Implicit(Tensor{float})"/>
    public static implicit operator LossTensor(Tensor<Half> values) => Of(values);

    /// <inheritdoc cref="op_Implicit(Tensor{float})"/>
    public static implicit operator LossTensor(Tensor<int> values) => Of(values);

    /// <inheritdoc cref="op_Implicit(Tensor{float})"/>
    public static implicit operator LossTensor(Tensor<long> values) => Of(values);

    /// <summary>The elements, row-major.</summary>
    /// <exception cref="InvalidOperationException">They are of another type.</exception>
    public ReadOnlySpan<T> AsSpan<T>() where T : unmanaged => typeof(T) == _type
        ? MemoryMarshal.Cast<byte, T>(Bytes.Span)
        : throw new InvalidOperationException($"the elements are {DType.NativeName()}: read them as {_type.Name}, not as {typeof(T).Name}");

    /// <summary>The elements in their shape; a single number, which has no axis, has one of length 1 here.</summary>
    /// <exception cref="InvalidOperationException">They are of another type.</exception>
    public ReadOnlyTensorSpan<T> AsTensorSpan<T>() where T : unmanaged => new(AsSpan<T>(), ShapeOr(_shape, 1));

    /// <summary>
    /// A tensor: of a result, the memory that was received; of other tensors, a copy. A single number has one axis of length 1 here.
    /// </summary>
    /// <exception cref="InvalidOperationException">The elements are of another type.</exception>
    public Tensor<T> ToTensor<T>() where T : unmanaged
    {
        var elements = AsSpan<T>();
        return Tensor.Create(_array is T[] array && IsReceived ? array : elements.ToArray(), ShapeOr(_shape, 1));
    }

    /// <summary>Whether the memory is the result's own, which nobody else writes to.</summary>
    private bool IsReceived { get; init; }

    /// <summary>A tensor to receive: <paramref name="memory"/> is where its bytes belong.</summary>
    internal static LossTensor Receive(LossDType dtype, ReadOnlySpan<nint> shape, out Memory<byte> memory)
    {
        long count = 1;
        foreach (var axis in shape) count = checked(count * axis);
        var length = checked((int)count);
        (var array, memory) = dtype switch
        {
            LossDType.Float32 => Allocate<float>(length),
            LossDType.Float64 => Allocate<double>(length),
            LossDType.Float16 => Allocate<Half>(length),
            LossDType.Int64 => Allocate<long>(length),
            LossDType.Int32 => Allocate<int>(length),
            LossDType.Int16 => Allocate<short>(length),
            LossDType.Int8 => Allocate<sbyte>(length),
            LossDType.UInt64 => Allocate<ulong>(length),
            LossDType.UInt32 => Allocate<uint>(length),
            LossDType.UInt16 or LossDType.BFloat16 => Allocate<ushort>(length),
            LossDType.UInt8 => Allocate<byte>(length),
            _ => Allocate<bool>(length),
        };
        return new(dtype.ElementType(), dtype, memory, shape, array) { IsReceived = true };
    }

    private static (Array, Memory<byte>) Allocate<T>(int length) where T : unmanaged
    {
        var array = GC.AllocateUninitializedArray<T>(length);
        return (array, new ElementMemory<T>(array.AsMemory()).Memory);
    }

    private static ReadOnlySpan<nint> ShapeOr(ReadOnlySpan<nint> shape, nint length) => shape.IsEmpty ? new nint[] { length } : shape;
}
