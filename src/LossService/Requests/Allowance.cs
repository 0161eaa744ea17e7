using LossService.Core.Tensors;
using LossService.Http;

namespace LossService.Requests;

/// <summary>What one request may use.</summary>
/// <param name="Limits">How long its lists and names may be.</param>
/// <param name="Memory">What its tensors and results are taken from; null = not counted.</param>
/// <param name="Cancellation">Ends its reading and scoring.</param>
public sealed record Allowance(Limits Limits, MemoryBudget? Memory, CancellationToken Cancellation)
{
    /// <summary>The limits by default, memory that nobody counts, and no end.</summary>
    public static Allowance Default { get; } = new(new(), null, CancellationToken.None);
}
