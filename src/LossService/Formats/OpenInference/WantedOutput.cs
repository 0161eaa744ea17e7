namespace LossService.Formats.OpenInference;

/// <summary>An output that a request asks for.</summary>
/// <param name="Output">Which.</param>
/// <param name="IsBinary">Whether it is to follow the JSON as bytes; null = as the request says for all.</param>
internal readonly record struct WantedOutput(OipOutput Output, bool? IsBinary);
