namespace LossService.Problems;

/// <summary>One error in a batch.</summary>
/// <param name="Pointer">Where: a JSON Pointer (RFC 6901) as a URI fragment, such as <c>#/labels/17</c>.</param>
/// <param name="Detail">What is wrong there.</param>
public sealed record ProblemError(string Pointer, string Detail);
