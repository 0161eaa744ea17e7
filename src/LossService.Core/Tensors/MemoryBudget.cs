namespace LossService.Core.Tensors;

/// <summary>
/// A number of bytes that several computations share. What <see cref="NativeBuffer"/> allocates with a budget is taken from it, and
/// returned when the buffer is disposed of. Thread-safe.
/// </summary>
/// <param name="limit">The bytes that may be in use at once.</param>
public sealed class MemoryBudget(long limit)
{
    private long _used;
    private long _peak;

    /// <summary>The bytes that may be in use at once.</summary>
    public long Limit { get; } = limit;

    /// <summary>The bytes in use.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>The most bytes that were in use at once.</summary>
    public long Peak => Volatile.Read(ref _peak);

    /// <summary>Takes bytes.</summary>
    /// <returns>False where they do not fit now; then nothing is taken.</returns>
    public bool TryTake(long bytes)
    {
        long used, total;
        do
        {
            used = Volatile.Read(ref _used);
            total = used + bytes;
            if (total > Limit) return false;
        }
        while (Interlocked.CompareExchange(ref _used, total, used) != used);
        for (var peak = Peak; total > peak; peak = Peak) Interlocked.CompareExchange(ref _peak, total, peak);
        return true;
    }

    /// <summary>Takes bytes.</summary>
    /// <exception cref="MemoryBudgetException">They do not fit now.</exception>
    public void Take(long bytes)
    {
        if (!TryTake(bytes)) throw new MemoryBudgetException(bytes, Limit);
    }

    /// <summary>Returns bytes that were taken.</summary>
    public void Return(long bytes) => Interlocked.Add(ref _used, -bytes);

    /// <summary>Finds out before a computation whether its memory fits; takes nothing.</summary>
    /// <param name="more">The bytes that it will take.</param>
    /// <param name="held">The bytes that it holds already.</param>
    /// <exception cref="MemoryBudgetException">They do not fit now, or never.</exception>
    public void Require(long more, long held)
    {
        if (more + held > Limit) throw new MemoryBudgetException(more + held, Limit);
        if (more + Used > Limit) throw new MemoryBudgetException(more, Limit);
    }
}
