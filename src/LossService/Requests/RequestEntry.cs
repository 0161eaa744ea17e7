using LossService.Core.Options;

namespace LossService.Requests;

/// <summary>What a request with several losses says of one of them, beside its options and outputs.</summary>
/// <param name="Name">Its name in the request and in the response.</param>
public sealed record RequestEntry(string Name)
{
    /// <summary>The factor of its value in the combined loss.</summary>
    public double Weight { get; set; } = 1;

    /// <summary>Which tensor has its labels; null = the request does not say.</summary>
    public TargetForm? LabelsFrom { get; set; }
}
