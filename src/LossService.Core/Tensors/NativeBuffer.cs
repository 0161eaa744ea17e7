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

    /// <summary>Makes a buffer of at least <paramref name="capacity"/> bytes.</summary>
    public NativeBuffer(nuint capacity = 0) => Allocate(capacity);

    /// <summary>Frees the block if <see cref="Dispose"/> was not called.</summary>
    ~NativeBuffer() => Free(Address, Capacity);

    /// <summary>The address of the first byte; changes when the block grows.</summary>
    public byte* Address { get; private set; }

    /// <summary>The bytes that it holds without growing.</summary>
    public nuint Capacity { get; private set; }

    /// <summary>Grows to at least <paramref name="capacity"/> bytes, and at least to double, and keeps the content.</summary>
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
