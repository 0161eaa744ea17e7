namespace LossService.Core.Tensors;

internal static class TensorText
{
    public static string Text(this Tensor tensor, long element)
    {
        Span<double> value = [0];
        tensor.Read(element, value);
        return tensor.DType == DType.Float32 ? ((float)value[0]).ToString("R", System.Globalization.CultureInfo.InvariantCulture) : value[0].ToString("R", System.Globalization.CultureInfo.InvariantCulture);
    }
}
