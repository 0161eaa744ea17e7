using System.Runtime.InteropServices;

namespace LossService.Core.Tensors;

/// <summary>
/// A pool of memory blocks of a megabyte or more, mapped from the system and returned to it. A large request's memory is free again
/// after the response, whereas the C library would keep it in each of its arenas.
/// </summary>
/// <remarks>
/// Up to <see cref="MaxKeptBytes"/> are kept for reuse, since new memory costs more than filling it: the system clears each page. By how
/// much a block is larger than what was asked for counts as kept. On Linux it asks for huge pages; without them a hundred megabytes cost
/// 25,000 page faults.
/// </remarks>
internal static unsafe partial class PagePool
{
    /// <summary>The smallest block in bytes; smaller ones come from the C library.</summary>
    public const nuint MinBytes = 1024 * 1024;

    /// <summary>The greatest number of bytes kept for reuse: enough for two requests of ten megabytes.</summary>
    public const nuint MaxKeptBytes = 32 * MinBytes;

    private static readonly Lock Sync = new();
    private static readonly List<Block> FreeBlocks = [];
    private static nuint s_kept;

    /// <summary>The size of the block that is mapped for a number of bytes.</summary>
    public static nuint RoundUp(nuint bytes) => (bytes + MinBytes - 1) & ~(MinBytes - 1);

    /// <summary>Takes a block of at least <paramref name="bytes"/> bytes, with undefined content.</summary>
    /// <param name="bytes">The bytes needed.</param>
    /// <param name="useHugePages">Whether a new block may take memory two megabytes at a time, which costs fewer page faults.</param>
    /// <exception cref="InsufficientMemoryException">The system has no more memory.</exception>
    public static Block Rent(nuint bytes, bool useHugePages = true)
    {
        bytes = RoundUp(bytes);
        lock (Sync)
        {
            // one at most twice as large, and of those the last used, which may still be in the cache
            var found = FreeBlocks.FindLastIndex(block => block.Bytes >= bytes && block.Bytes / 2 <= bytes);
            if (found >= 0) return Use(found, bytes);
            // blocks that do not fit make room for the new one
            FreeDownTo(MaxKeptBytes - nuint.Min(MaxKeptBytes, bytes));
        }
        var block = new Block(Pages.Map(bytes), bytes, bytes);
        Pages.Advise(block, useHugePages);
        return block;
    }

    /// <summary>Lets a block take memory two megabytes at a time.</summary>
    public static void UseHugePages(Block block) => Pages.Advise(block, useHugePages: true);

    /// <summary>Returns a block to the pool; unmaps the blocks used longest ago where the pool is full.</summary>
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
            s_kept += block.Asked;
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

    private static Block Use(int index, nuint asked)
    {
        var block = Take(index) with { Asked = asked };
        s_kept += block.Bytes - asked;
        return block;
    }

    // the least recently used first
    private static void FreeDownTo(nuint bytes)
    {
        while (s_kept > bytes && FreeBlocks.Count > 0) Pages.Unmap(Take(0));
    }

    /// <summary>A block.</summary>
    /// <param name="Address">Its first byte.</param>
    /// <param name="Bytes">Its size.</param>
    /// <param name="Asked">How much of it was asked for.</param>
    public readonly record struct Block(nint Address, nuint Bytes, nuint Asked);

    private static partial class Pages
    {
        public static nint Map(nuint bytes)
        {
            if (!OperatingSystem.IsLinux()) return (nint)NativeMemory.Alloc(bytes);
            const int ReadWrite = 3, PrivateAnonymous = 0x22;
            var address = Map(0, bytes, ReadWrite, PrivateAnonymous, -1, 0);
            return address == -1 ? throw new InsufficientMemoryException() : address;
        }

        public static void Advise(Block block, bool useHugePages)
        {
            const int HugePage = 14, NoHugePage = 15;
            // only advice: without huge pages all works, slower
            if (OperatingSystem.IsLinux()) _ = Advise(block.Address, block.Bytes, useHugePages ? HugePage : NoHugePage);
        }

        public static void Unmap(Block block)
        {
            if (OperatingSystem.IsLinux()) _ = Unmap(block.Address, block.Bytes);
            else NativeMemory.Free((void*)block.Address);
        }

        [LibraryImport("libc", EntryPoint = "mmap")]
        private static partial nint Map(nint address, nuint bytes, int protection, int flags, int file, nint offset);

        [LibraryImport("libc", EntryPoint = "munmap")]
        private static partial int Unmap(nint address, nuint bytes);

        [LibraryImport("libc", EntryPoint = "madvise")]
        private static partial int Advise(nint address, nuint bytes, int advice);
    }
}
