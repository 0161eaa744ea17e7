namespace LossService.Formats.OpenInference;

/// <summary>A tensor that a model takes or gives, as its metadata says.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Datatype">The usual datatype.</param>
/// <param name="Shape">The usual shape; −1 = any length. Predictions may have more axes, classes stay on the last.</param>
internal sealed record OipTensorPage(string Name, string Datatype, long[] Shape);
