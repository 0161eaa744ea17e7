namespace LossService.Requests;

/// <summary>One thing that is wrong with a request, in no format's terms yet.</summary>
/// <param name="Address">Where.</param>
/// <param name="Detail">What.</param>
public sealed record RequestError(Address Address, string Detail);
