using System.Runtime.InteropServices;

namespace LossService.Core.Tensors;

/// <summary>
/// A growable block of unmanaged memory, for bodies, tensors and responses: the garbage collector does not see batches of a hundred
/// megabytes.
/// </summary>
/// <remarks>
/// <see cref="Slack"/> bytes after <see cref="Capacity"/> are readable and writable, so that a vector load or store may run over the
/// end. The content is not initialised. Not thread-safe.
/// </remarks>
public sealed unsafe class NativeBuffer : IDisposable
{
    /// <summary>The bytes after <see cref="Capacity"/> that may be read and overwritten; their content is undefined.</summary>
    public const int Slack = 64;

    /// <summary>The smallest block that a budget counts: a connection takes more than a smaller one.</summary>
    public const int MinCounted = 16 * 1024;

    private readonly MemoryBudget? _budget;
    private bool _fillsSlowly;
    private long _counted;
    private nuint _asked;

    /// <summary>Makes a buffer of at least <paramref name="capacity"/> bytes.</summary>
    /// <param name="capacity">The bytes that it holds without growing.</param>
    /// <param name="budget">What its bytes are taken from; null = not counted.</param>
    /// <param name="fillsSlowly">
    /// Whether it may be long before its bytes are written, as by a network: then they take memory a small page at a time, until
    /// <see cref="ExpectAll"/> is called.
    /// </param>
    /// <exception cref="MemoryBudgetException">The budget has not enough left.</exception>
    public NativeBuffer(nuint capacity = 0, MemoryBudget? budget = null, bool fillsSlowly = false)
    {
        (_budget, _fillsSlowly) = (budget, fillsSlowly);
        Allocate(capacity);
    }

    /// <summary>Frees the block if <see cref="Dispose"/> was not called.</summary>
    ~NativeBuffer() => Free(Address, Capacity, _asked, _counted);

    /// <summary>The address of the first byte; changes when the block grows.</summary>
    public byte* Address { get; private set; }

    /// <summary>The bytes that it holds without growing.</summary>
    public nuint Capacity { get; private set; }

    /// <summary>What its bytes are taken from.</summary>
    public MemoryBudget? Budget => _budget;

    /// <summary>Grows to at least <paramref name="capacity"/> bytes, and at least to double, and keeps the content.</summary>
    /// <exception cref="MemoryBudgetException">The budget has not enough left; the buffer is as before.</exception>
    public void Reserve(nuint capacity)
    {
        if (capacity <= Capacity) return;
        var (address, bytes, asked, counted) = ((nint)Address, Capacity, _asked, _counted);
        Allocate(nuint.Max(capacity, 2 * bytes));
        Buffer.MemoryCopy((byte*)address, Address, bytes, bytes);
        Free((byte*)address, bytes, asked, counted);
    }

    /// <summary>Says that the rest of the bytes will be written soon.</summary>
    public void ExpectAll()
    {
        _fillsSlowly = false;
        if (Capacity + Slack >= PagePool.MinBytes) PagePool.UseHugePages(new((nint)Address, Capacity + Slack, _asked));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free(Address, Capacity, _asked, _counted);
        Address = null;
        (Capacity, _counted) = (0, 0);
        GC.SuppressFinalize(this);
    }

    private void Allocate(nuint capacity)
    {
        var isLarge = capacity + Slack >= PagePool.MinBytes;
        var bytes = isLarge ? PagePool.RoundUp(capacity + Slack) : capacity + Slack;
        var counted = _budget is null || bytes < MinCounted ? 0 : (long)bytes;
        if (counted > 0) _budget!.Take(counted);
        // a block that was used before may be larger; what fits must not depend on that, so the pool counts the rest
        var block = isLarge ? Rent(bytes, counted) : new((nint)NativeMemory.Alloc(bytes), bytes, bytes);
        Address = (byte*)block.Address;
        (Capacity, _asked, _counted) = (block.Bytes - Slack, block.Asked, counted);
    }

    private PagePool.Block Rent(nuint bytes, long counted)
    {
        try
        {
            return PagePool.Rent(bytes, useHugePages: !_fillsSlowly);
        }
        catch (OutOfMemoryException)
        {
            _budget?.Return(counted);
            throw;
        }
    }

    private void Free(byte* address, nuint capacity, nuint asked, long counted)
    {
        if (address == null) return;
        if (capacity + Slack < PagePool.MinBytes) NativeMemory.Free(address);
        else PagePool.Return(new((nint)address, capacity + Slack, asked));
        if (counted > 0) _budget!.Return(counted);
    }
}
