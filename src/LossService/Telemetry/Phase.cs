namespace LossService.Telemetry;

/// <summary>The phases of a request that scores, in their order.</summary>
internal enum Phase
{
    /// <summary>The body arrives.</summary>
    Read,

    /// <summary>The body becomes tensors and options.</summary>
    Parse,

    /// <summary>The batch is validated and scored.</summary>
    Compute,

    /// <summary>The scores are written.</summary>
    Write,
}
