namespace LossService.Core.Validation;

/// <summary>Something in a batch that was scored, but is probably a mistake.</summary>
/// <param name="Field">The name of the tensor.</param>
/// <param name="Detail">What is probably meant.</param>
public sealed record BatchNotice(string Field, string Detail);
