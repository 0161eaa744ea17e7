using System.Runtime.InteropServices;

namespace LossService.Core.Tensors;

/// <summary>
/// A growable block of unmanaged bytes: where bodies, tensors and answers live, so that a batch of a hundred megabytes
/// never reaches the garbage collector.
/// </summary>
/// <remarks>
/// The block always has <see cref="Slack"/> readable and writable bytes behind <see cref="Capacity"/>, so a vector load or
/// store that starts inside may run over the end. The content is not initialised. Not thread-safe.
/// </remarks>
public sealed unsafe class NativeBuffer : IDisposable
{
    /// <summary>The bytes behind <see cref="Capacity"/> that may be touched, though they hold nothing.</summary>
    public const int Slack = 64;

    /// <summary>Makes a buffer of at least <paramref name="capacity"/> bytes.</summary>
    public NativeBuffer(nuint capacity = 0) => Allocate(capacity);

    /// <summary>Frees the block where <see cref="Dispose"/> was missed.</summary>
    ~NativeBuffer() => Free(Address, Capacity);

    /// <summary>The first byte; moves when the block grows.</summary>
    public byte* Address { get; private set; }

    /// <summary>How many bytes it can hold without growing.</summary>
    public nuint Capacity { get; private set; }

    /// <summary>Makes room for at least <paramref name="capacity"/> bytes, keeping the content; doubles at least.</summary>
    public void Reserve(nuint capacity)
    {
        if (capacity <= Capacity) return;
        var (address, bytes) = ((nint)Address, Capacity);
        Allocate(nuint.Max(capacity, 2 * bytes));
        Buffer.MemoryCopy((byte*)address, Address, bytes, bytes);
        Free((byte*)address, bytes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free(Address, Capacity);
        Address = null;
        Capacity = 0;
        GC.SuppressFinalize(this);
    }

    private void Allocate(nuint capacity)
    {
        if (capacity + Slack < PagePool.MinBytes)
        {
            Address = (byte*)NativeMemory.Alloc(capacity + Slack);
            Capacity = capacity;
        }
        else
        {
            var block = PagePool.Rent(capacity + Slack);
            Address = (byte*)block.Address;
            Capacity = block.Bytes - Slack;
        }
    }

    private static void Free(byte* address, nuint capacity)
    {
        if (capacity + Slack < PagePool.MinBytes) NativeMemory.Free(address);
        else PagePool.Return(new((nint)address, capacity + Slack));
    }
}
