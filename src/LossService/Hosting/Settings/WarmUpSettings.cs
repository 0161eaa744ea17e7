using System.ComponentModel.DataAnnotations;

namespace LossService.Hosting.Settings;

/// <summary>The section <c>WarmUp</c> of the configuration.</summary>
internal sealed record WarmUpSettings
{
    /// <summary>
    /// The longest time, in seconds, for which the service is not ready at its start while the runtime compiles the code of requests; on
    /// two cores that takes some 8 s. 0 turns it off: it is ready as soon as it listens.
    /// </summary>
    [Range(0, 600)]
    public int Seconds { get; init; }
}
