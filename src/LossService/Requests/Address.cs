namespace LossService.Requests;

/// <summary>Where in a request something is: a member, and a position inside its tensor or list.</summary>
/// <param name="Member">The member's name; empty for the request itself.</param>
/// <param name="Position">One index for each axis.</param>
public readonly record struct Address(string Member, params int[] Position)
{
    /// <summary>The member inside the member, where a tensor is an object: <c>shape</c>, <c>data</c>.</summary>
    public string? Part { get; init; }

    /// <summary>The name of the loss whose entry has the member, in a request with several; null = the member is the request's.</summary>
    public string? Entry { get; init; }
}
