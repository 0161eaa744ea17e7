namespace LossService.Formats.OpenInference;

/// <summary>An output that a request asks for.</summary>
/// <param name="Output">The output.</param>
/// <param name="IsBinary">Whether it follows the JSON as bytes; null = as the request says for all outputs.</param>
internal readonly record struct WantedOutput(TensorOutput Output, bool? IsBinary);
