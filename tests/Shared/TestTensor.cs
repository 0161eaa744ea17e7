using LossService.Core.Tensors;

namespace LossService.Tests.Shared;

/// <summary>Tensors of plain arrays, and back.</summary>
internal static unsafe class TestTensor
{
    /// <summary>A tensor of any dtype. Numbers that an integer dtype does not hold are truncated and saturated.</summary>
    public static Tensor Filled(DType dtype, Shape shape, double[] values)
    {
        var tensor = new Tensor(dtype, shape);
        switch (dtype)
        {
            case DType.Bool or DType.UInt8: Fill<byte>(tensor, values, value => (byte)value); break;
            case DType.Int8: Fill<sbyte>(tensor, values, value => (sbyte)value); break;
            case DType.Int16: Fill<short>(tensor, values, value => (short)value); break;
            case DType.UInt16: Fill<ushort>(tensor, values, value => (ushort)value); break;
            case DType.Int32: Fill<int>(tensor, values, value => (int)value); break;
            case DType.UInt32: Fill<uint>(tensor, values, value => (uint)value); break;
            case DType.UInt64: Fill<ulong>(tensor, values, value => (ulong)value); break;
            default: tensor.Write(0, values); break;
        }
        return tensor;
    }

    /// <summary>The elements as doubles; none where there is no tensor.</summary>
    public static double[] Read(Tensor? tensor)
    {
        if (tensor is null) return [];
        var values = new double[tensor.Count];
        tensor.Read(0, values);
        return values;
    }

    /// <summary>The bytes of the elements.</summary>
    public static Span<byte> AsBytes(this Tensor tensor) => new(tensor.Data, (int)(tensor.Count * tensor.DType.Size()));

    private static void Fill<T>(Tensor tensor, double[] values, Func<double, T> convert) where T : unmanaged =>
        values.Select(convert).ToArray().CopyTo(new Span<T>(tensor.Data, values.Length));
}
