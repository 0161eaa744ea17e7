using LossService.Core.Tensors;
using LossService.Requests;

namespace LossService.Formats.OpenInference;

/// <summary>An input whose name, datatype and shape are valid.</summary>
/// <param name="Index">Its index in the list of inputs.</param>
/// <param name="Name">Its name, one of the native request's tensors.</param>
/// <param name="Field">The same as a field.</param>
/// <param name="DType">The type of its elements.</param>
/// <param name="Shape">Its shape.</param>
internal sealed record OipInput(int Index, string Name, TensorField Field, DType DType, Shape Shape)
{
    /// <summary>The size of its elements in bytes.</summary>
    public long Bytes => Shape.Count * DType.Size();

    /// <summary>The pointer to it.</summary>
    public string Pointer => OipAddresses.Pointer("inputs", $"{Index}");
}
