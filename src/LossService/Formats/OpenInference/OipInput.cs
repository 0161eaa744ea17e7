using LossService.Core.Tensors;
using LossService.Requests;

namespace LossService.Formats.OpenInference;

/// <summary>An input, once its name, datatype and shape are known to make sense.</summary>
/// <param name="Index">Its place among the inputs.</param>
/// <param name="Name">The name of the tensor that it is.</param>
/// <param name="Field">The same as a field.</param>
/// <param name="DType">The type of its elements.</param>
/// <param name="Shape">Its shape.</param>
internal sealed record OipInput(int Index, string Name, TensorField Field, DType DType, Shape Shape)
{
    /// <summary>How many bytes its elements take.</summary>
    public long Bytes => Shape.Count * DType.Size();

    /// <summary>The pointer to it.</summary>
    public string Pointer => OipAddresses.Pointer("inputs", $"{Index}");
}
