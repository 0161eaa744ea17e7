namespace LossService.Tests.Shared.Hostile;

/// <summary>What a hostile request did.</summary>
internal sealed record Verdict
{
    /// <summary>What must not be; null where all is well.</summary>
    public string? Fault { get; init; }

    /// <summary>The status: HTTP's, or gRPC's of a call.</summary>
    public int Status { get; init; }

    /// <summary>The managed memory that was allocated, as a part of what its bound allows.</summary>
    public double MemoryShare { get; init; }

    /// <summary>The length of the response, as a part of what its bound allows.</summary>
    public double ResponseShare { get; init; }

    /// <summary>The processor time of the process, as a part of what its bound allows; 0 where it has none.</summary>
    public double CpuShare { get; init; }

    /// <summary>Whether the fault is the memory or the processor time that it took.</summary>
    public bool IsTooMuch { get; init; }
}
