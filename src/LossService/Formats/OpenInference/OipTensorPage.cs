namespace LossService.Formats.OpenInference;

/// <summary>An input or output of a model, as its metadata describes it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Datatype">The usual datatype.</param>
/// <param name="Shape">The usual shape; −1 = any length. Predictions may have more axes; classes are on the last.</param>
internal sealed record OipTensorPage(string Name, string Datatype, long[] Shape);
