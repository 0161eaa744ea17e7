namespace LossService.Core.Tensors;

/// <summary>
/// A number of bytes that several computations share. What a native buffer or a tensor allocates with a budget is taken from it, and
/// returned when it is disposed of. Thread-safe.
/// </summary>
public sealed class MemoryBudget
{
    private readonly MemoryBudget? _whole;
    private long _used;
    private long _peak;

    /// <summary>Makes a budget.</summary>
    /// <param name="limit">The bytes that may be in use at once.</param>
    public MemoryBudget(long limit) => Limit = limit;

    private MemoryBudget(MemoryBudget whole) => (_whole, Limit) = (whole, whole.Limit);

    /// <summary>The bytes that may be in use at once.</summary>
    public long Limit { get; }

    /// <summary>The bytes in use.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>The most bytes that were in use at once.</summary>
    public long Peak => Volatile.Read(ref _peak);

    /// <summary>
    /// What one of those who share the budget uses of it. What it takes is taken from the whole, too; so it can be told whether
    /// something does not fit because of the others, or would not even if they used nothing.
    /// </summary>
    public MemoryBudget Share() => new(this);

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
        if (_whole?.TryTake(bytes) == false)
        {
            Interlocked.Add(ref _used, -bytes);
            return false;
        }
        for (var peak = Peak; total > peak; peak = Peak) Interlocked.CompareExchange(ref _peak, total, peak);
        return true;
    }

    /// <summary>Takes bytes.</summary>
    /// <exception cref="MemoryBudgetException">They do not fit now.</exception>
    public void Take(long bytes)
    {
        if (!TryTake(bytes)) throw new MemoryBudgetException(_whole is null ? bytes : Used + bytes, Limit);
    }

    /// <summary>Returns bytes that were taken.</summary>
    public void Return(long bytes)
    {
        Interlocked.Add(ref _used, -bytes);
        _whole?.Return(bytes);
    }

    /// <summary>Finds out before a computation whether its memory fits; takes nothing.</summary>
    /// <param name="more">The bytes that it will take.</param>
    /// <param name="held">The bytes that it holds already; a share knows by itself what it holds.</param>
    /// <exception cref="MemoryBudgetException">They do not fit now, or never.</exception>
    public void Require(long more, long held)
    {
        var need = more + (_whole is null ? held : Used);
        if (need > Limit) throw new MemoryBudgetException(need, Limit);
        if (more + (_whole ?? this).Used > Limit) throw new MemoryBudgetException(more, Limit);
    }
}
