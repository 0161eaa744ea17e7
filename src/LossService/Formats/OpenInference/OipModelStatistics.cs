namespace LossService.Formats.OpenInference;

/// <summary>The statistics of a model.</summary>
/// <param name="Name">The model's name.</param>
/// <param name="LastInference">When it last answered, in milliseconds since 1970; 0 = never.</param>
/// <param name="Success">The requests that got scores.</param>
/// <param name="Fail">The requests that got a problem.</param>
internal sealed record OipModelStatistics(string Name, long LastInference, OipDuration Success, OipDuration Fail)
{
    /// <summary>
    /// The steps of the requests that got scores. Nothing waits in a queue, and reading and writing go on while others compute, so
    /// all time counts as computing.
    /// </summary>
    public (OipDuration Queue, OipDuration Input, OipDuration Infer, OipDuration Output) Steps =>
        (Success with { Ns = 0 }, Success with { Ns = 0 }, Success, Success with { Ns = 0 });
}
