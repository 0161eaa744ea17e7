using System.Runtime.InteropServices;

namespace LossService.Core.Tensors;

/// <summary>
/// Blocks of a megabyte and more, straight from the system and back to it: what a large request took is free again when it is
/// answered, whereas the C library would keep it, in each of its arenas, for the next one.
/// </summary>
/// <remarks>
/// Up to <see cref="MaxKeptBytes"/> of them wait to be used again, since new memory costs more than filling it: the system clears each
/// page. On Linux it is asked for large pages, or a hundred megabytes would cost it 25,000 faults.
/// </remarks>
internal static unsafe partial class PagePool
{
    /// <summary>The bytes from which on a block comes from here.</summary>
    public const nuint MinBytes = 1024 * 1024;

    /// <summary>The bytes that are kept for later, at most: what two requests of ten megabytes need.</summary>
    public const nuint MaxKeptBytes = 32 * MinBytes;

    private static readonly Lock Sync = new();
    private static readonly List<Block> FreeBlocks = [];
    private static nuint s_kept;

    /// <summary>A block of at least so many bytes; its content is anything.</summary>
    /// <exception cref="InsufficientMemoryException">The system has no more.</exception>
    public static Block Rent(nuint bytes)
    {
        bytes = (bytes + MinBytes - 1) & ~(MinBytes - 1);
        lock (Sync)
        {
            // one that is not much larger, and of those the last that was used, which a cache may still hold
            var found = FreeBlocks.FindLastIndex(block => block.Bytes >= bytes && block.Bytes / 2 <= bytes);
            if (found >= 0) return Take(found);
            // what did not fit makes room for what does
            FreeDownTo(MaxKeptBytes - nuint.Min(MaxKeptBytes, bytes));
        }
        return new(Pages.Map(bytes), bytes);
    }

    /// <summary>Takes a block back.</summary>
    public static void Return(Block block)
    {
        if (block.Bytes > MaxKeptBytes)
        {
            Pages.Unmap(block);
            return;
        }
        lock (Sync)
        {
            FreeBlocks.Add(block);
            s_kept += block.Bytes;
            FreeDownTo(MaxKeptBytes);
        }
    }

    private static Block Take(int index)
    {
        var block = FreeBlocks[index];
        FreeBlocks.RemoveAt(index);
        s_kept -= block.Bytes;
        return block;
    }

    // the least recently used first
    private static void FreeDownTo(nuint bytes)
    {
        while (s_kept > bytes) Pages.Unmap(Take(0));
    }

    /// <summary>Where a block is, and its size.</summary>
    public readonly record struct Block(nint Address, nuint Bytes);

    private static partial class Pages
    {
        public static nint Map(nuint bytes)
        {
            if (!OperatingSystem.IsLinux()) return (nint)NativeMemory.Alloc(bytes);
            const int ReadWrite = 3, PrivateAnonymous = 0x22, HugePage = 14;
            var address = Map(0, bytes, ReadWrite, PrivateAnonymous, -1, 0);
            if (address == -1) throw new InsufficientMemoryException();
            _ = Advise(address, bytes, HugePage); // a wish: where it is not granted, all works the same
            return address;
        }

        public static void Unmap(Block block)
        {
            if (OperatingSystem.IsLinux()) _ = Unmap(block.Address, block.Bytes);
            else NativeMemory.Free((void*)block.Address);
        }

        [LibraryImport("libc", EntryPoint = "mmap")]
        private static partial nint Map(nint wish, nuint bytes, int protection, int flags, int file, nint offset);

        [LibraryImport("libc", EntryPoint = "munmap")]
        private static partial int Unmap(nint address, nuint bytes);

        [LibraryImport("libc", EntryPoint = "madvise")]
        private static partial int Advise(nint address, nuint bytes, int advice);
    }
}
