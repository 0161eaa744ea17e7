namespace LossService.Problems;

/// <summary>
/// A second field with the detail of a problem, for the clients of a protocol that look for it there; some look only into
/// <c>application/json</c>, so that is the media type unless Accept names that of problems. It is registered as a
/// service, so that what routing and the server refuse under the path has it too.
/// </summary>
/// <param name="Path">The path; everything under it counts.</param>
/// <param name="Field">The name of the field.</param>
public sealed record DetailAlias(PathString Path, string Field);
