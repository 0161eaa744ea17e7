using System.Threading.RateLimiting;
using LossService.Core.Tensors;
using LossService.Problems;
using Microsoft.Extensions.Options;

namespace LossService.Http;

/// <summary>
/// What all requests share: memory, and permits to compute. A request that does not fit is refused before its body is read, so that
/// refusing costs little and those that fit are served as ever.
/// </summary>
internal sealed class Admission : IDisposable
{
    private readonly ConcurrencyLimiter _permits;

    /// <summary>Sets up memory and permits by the limits.</summary>
    public Admission(IOptions<Limits> limits)
    {
        Limits = limits.Value;
        Memory = new(Limits.MemoryBytes);
        GrpcMemory = new(Limits.GrpcMemoryBytes);
        _permits = new(new()
        {
            PermitLimit = Limits.ComputePermits,
            QueueLimit = Limits.ComputeQueue,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
    }

    /// <summary>The limits in force.</summary>
    public Limits Limits { get; }

    /// <summary>The memory for bodies, tensors and responses.</summary>
    public MemoryBudget Memory { get; }

    /// <summary>The managed memory for gRPC messages.</summary>
    public MemoryBudget GrpcMemory { get; }

    /// <summary>How permits are used: leases, the queue, refusals.</summary>
    public RateLimiterStatistics Permits => _permits.GetStatistics()!;

    /// <summary>Refuses a request before its body is read where it would not get a permit.</summary>
    /// <returns>The problem; null where the request may go on.</returns>
    public Problem? RefuseUnread(long? contentLength) =>
        contentLength > Limits.SmallBodyBytes && Permits.CurrentQueuedCount >= Limits.ComputeQueue ? ProblemTypes.TooManyRequests() : null;

    /// <summary>Waits for a turn to parse and score a body; a small one has it at once.</summary>
    /// <param name="bytes">The length of the body.</param>
    /// <param name="aborted">The client went away.</param>
    /// <returns>The turn, which the caller disposes of; the problem where too many wait.</returns>
    /// <exception cref="OperationCanceledException">The client went away, or the deadline passed.</exception>
    public ValueTask<Result<ComputeTurn>> EnterAsync(long bytes, CancellationToken aborted) =>
        bytes <= Limits.SmallBodyBytes ? new(new ComputeTurn(aborted)) : WaitAsync(aborted);

    /// <inheritdoc/>
    public void Dispose() => _permits.Dispose();

    private async ValueTask<Result<ComputeTurn>> WaitAsync(CancellationToken aborted)
    {
        var deadline = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        deadline.CancelAfter(TimeSpan.FromSeconds(Limits.ComputeSeconds));
        try
        {
            var permit = await _permits.AcquireAsync(1, deadline.Token);
            if (permit.IsAcquired) return new ComputeTurn(permit, deadline);
        }
        catch
        {
            deadline.Dispose();
            throw;
        }
        deadline.Dispose();
        return ProblemTypes.TooManyRequests();
    }
}
