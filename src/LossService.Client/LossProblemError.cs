namespace LossService.Client;

/// <summary>One error in a batch.</summary>
/// <param name="Pointer">Where: a JSON Pointer into the request, such as <c>#/inputs/1</c>.</param>
/// <param name="Detail">What is wrong there, with the tensor's name and position: <c>labels[1]: class index 3 is outside 0..2</c>.</param>
public sealed record LossProblemError(string Pointer, string Detail);
