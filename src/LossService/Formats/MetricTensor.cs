using LossService.Core.Tensors;

namespace LossService.Formats;

/// <summary>Metrics as a tensor.</summary>
internal static class MetricTensor
{
    /// <summary>A float64 tensor; a number without a value is NaN.</summary>
    public static Tensor Create(Shape shape, double?[] values)
    {
        var tensor = new Tensor(DType.Float64, shape);
        tensor.Write(0, [.. values.Select(value => value ?? double.NaN)]);
        return tensor;
    }
}
