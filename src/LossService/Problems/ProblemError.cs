namespace LossService.Problems;

/// <summary>One thing that is wrong with a batch, and where.</summary>
/// <param name="Pointer">A JSON Pointer (RFC 6901) as a URI fragment: <c>#/labels/17</c>.</param>
/// <param name="Detail">What is wrong there.</param>
public sealed record ProblemError(string Pointer, string Detail);
