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
    // 68 KB with 32 losses, each with metrics and a temperature, took 1.6 s of a core; with one loss 0.2 s
    private const int SeveralFactor = 8;

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

    /// <summary>The turns of small bodies, which need no permit.</summary>
    public SmallBodyTurns SmallTurns { get; } = new();

    /// <summary>How permits are used: leases, the queue, refusals.</summary>
    public RateLimiterStatistics Permits => _permits.GetStatistics()!;

    /// <summary>Refuses a request before its body is read where it would not get a permit, or not its tensors.</summary>
    /// <returns>The problem; null where the request may go on.</returns>
    public Problem? RefuseUnread(long? contentLength)
    {
        if (contentLength is not { } length || length <= Limits.SmallBodyBytes) return null;
        if (Permits.CurrentQueuedCount >= Limits.ComputeQueue) return ProblemTypes.TooManyRequests();
        return LeavesRoom(length) ? null : ProblemTypes.OutOfMemory("Limits:MemoryBytes");
    }

    /// <summary>Whether a body needs no permit.</summary>
    /// <param name="bytes">The length of the body.</param>
    /// <param name="isOfSeveral">Whether it names its losses itself: then an eighth of the bytes counts as small.</param>
    public bool IsSmall(long bytes, bool isOfSeveral) => (isOfSeveral ? SeveralFactor * bytes : bytes) <= Limits.SmallBodyBytes;

    /// <summary>Waits for a turn to parse and score a body; a small one waits without a limit, since it is soon its turn.</summary>
    /// <param name="bytes">The length of the body.</param>
    /// <param name="isOfSeveral">Whether it names its losses itself.</param>
    /// <param name="aborted">The client went away.</param>
    /// <returns>The turn, which the caller disposes of; the problem where too many wait.</returns>
    /// <exception cref="OperationCanceledException">The client went away, or the deadline passed.</exception>
    public ValueTask<Result<ComputeTurn>> EnterAsync(long bytes, bool isOfSeveral, CancellationToken aborted) =>
        !IsSmall(bytes, isOfSeveral) ? WaitAsync(aborted)
        : SmallTurns.TryTake() ? new(new ComputeTurn(SmallTurns, aborted))
        : WaitForSmallAsync(aborted);

    /// <summary>Takes a permit to parse and score a body if there is one and nobody waits for it.</summary>
    /// <param name="aborted">The client went away.</param>
    /// <param name="turn">The turn, which the caller disposes of.</param>
    /// <returns>False where there is none.</returns>
    public bool TryEnter(CancellationToken aborted, out ComputeTurn turn)
    {
        var permit = _permits.AttemptAcquire();
        turn = permit.IsAcquired ? new(permit, StartDeadline(aborted)) : default;
        return permit.IsAcquired;
    }

    /// <inheritdoc/>
    public void Dispose() => _permits.Dispose();

    /// <summary>
    /// Whether a quarter of the memory stays for what is computed, unless little is in use: bodies that took all of it would be refused
    /// once they are read and parsed, for want of memory for their tensors.
    /// </summary>
    private bool LeavesRoom(long length)
    {
        var (used, quarter) = (Memory.Used, Memory.Limit / 4);
        return used <= quarter || used + length <= Memory.Limit - quarter;
    }

    private async ValueTask<Result<ComputeTurn>> WaitForSmallAsync(CancellationToken aborted)
    {
        await SmallTurns.WaitAsync();
        return new ComputeTurn(SmallTurns, aborted);
    }

    private async ValueTask<Result<ComputeTurn>> WaitAsync(CancellationToken aborted)
    {
        var deadline = StartDeadline(aborted);
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

    private CancellationTokenSource StartDeadline(CancellationToken aborted)
    {
        var deadline = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        deadline.CancelAfter(TimeSpan.FromSeconds(Limits.ComputeSeconds));
        return deadline;
    }
}
