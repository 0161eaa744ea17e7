namespace LossService.Core.Tensors;

/// <summary>A memory budget has fewer bytes left than are needed.</summary>
/// <param name="need">The bytes needed.</param>
/// <param name="limit">The budget's limit.</param>
public sealed class MemoryBudgetException(long need, long limit)
    : OutOfMemoryException($"{need} bytes are needed, more than is free of the memory budget of {limit} bytes.")
{
    /// <summary>The bytes needed.</summary>
    public long Need { get; } = need;

    /// <summary>The budget's limit.</summary>
    public long Limit { get; } = limit;

    /// <summary>Whether the bytes would not fit even if nothing else were in use, so that trying again is of no use.</summary>
    public bool IsForever => Need > Limit;
}
