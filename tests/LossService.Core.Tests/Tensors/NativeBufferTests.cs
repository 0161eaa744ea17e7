using System.Runtime.InteropServices;
using LossService.Core.Tensors;

namespace LossService.Core.Tests.Tensors;

public sealed unsafe class NativeBufferTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(1_000_000)]
    [InlineData(3_000_000)]
    public void Reserve_AgainAndAgain_KeepsTheContent(int first)
    {
        using var buffer = new NativeBuffer((nuint)first);
        var written = 0;
        for (var length = first + 1; length < 20_000_000; length = length * 3 / 2 + 7)
        {
            buffer.Reserve((nuint)length);
            Assert.True(buffer.Capacity >= (nuint)length);
            for (; written < length; written++) buffer.Address[written] = Pattern(written);
            new Span<byte>(buffer.Address + buffer.Capacity, NativeBuffer.Slack).Fill(0xFF);
        }
        for (var i = 0; i < written; i++)
            if (buffer.Address[i] != Pattern(i)) Assert.Fail($"byte {i} is lost");
    }

    [Fact]
    public void Buffers_OfManySizesOnManyThreads_NeverOverlap()
    {
        Parallel.For(0, 8, worker =>
        {
            var random = new Random(worker);
            var held = new Queue<(NativeBuffer Buffer, byte Mark)>();
            for (var i = 0; i < 300; i++)
            {
                var buffer = new NativeBuffer((nuint)random.Next(1, 6_000_000));
                var mark = (byte)(worker * 31 + i);
                Fill(buffer, mark);
                held.Enqueue((buffer, mark));
                if (held.Count < 4) continue;
                var (oldest, expected) = held.Dequeue();
                Assert.True(Holds(oldest, expected), "another buffer wrote into this one");
                oldest.Dispose();
            }
            foreach (var (buffer, _) in held) buffer.Dispose();
        });

        // every page, both ends, the slack
        static void Fill(NativeBuffer buffer, byte mark)
        {
            for (nuint i = 0; i < buffer.Capacity; i += 4096) buffer.Address[i] = mark;
            for (var i = 0; i < NativeBuffer.Slack; i++) buffer.Address[buffer.Capacity + (nuint)i] = mark;
        }

        static bool Holds(NativeBuffer buffer, byte mark)
        {
            for (nuint i = 0; i < buffer.Capacity; i += 4096)
                if (buffer.Address[i] != mark) return false;
            return !new ReadOnlySpan<byte>(buffer.Address + buffer.Capacity, NativeBuffer.Slack).ContainsAnyExcept(mark);
        }
    }

    [Fact]
    public void Block_TakenBackAndAskedForAgain_IsTheSame()
    {
        var other = PagePool.Rent(5 * PagePool.MinBytes);
        // other tests may rent and return meanwhile: of many tries one is undisturbed
        Assert.Contains(Enumerable.Range(0, 100), _ =>
        {
            var block = PagePool.Rent(5 * PagePool.MinBytes);
            Assert.NotEqual(other.Address, block.Address);
            PagePool.Return(block);
            var again = PagePool.Rent(5 * PagePool.MinBytes);
            PagePool.Return(again);
            return again.Address == block.Address;
        });
        PagePool.Return(other);
    }

    [Fact]
    public void Block_LargerThanIsKept_GoesBackToTheSystem()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux lists its mappings in /proc");
        // another thread may map the same addresses at once: of many tries one is undisturbed
        Assert.Contains(Enumerable.Range(0, 20), _ =>
        {
            var block = PagePool.Rent(PagePool.MaxKeptBytes + PagePool.MinBytes);
            NativeMemory.Fill((void*)block.Address, block.Bytes, 1);
            Assert.True(IsMapped(block.Address));
            PagePool.Return(block);
            return !IsMapped(block.Address);
        });

        // a line begins with the first address and the one after the last: 7f0000000000-7f0000021000 rw-p …
        static bool IsMapped(nint address) => File.ReadLines("/proc/self/maps")
            .Select(line => Array.ConvertAll(line.Split(' ')[0].Split('-'), end => Convert.ToUInt64(end, 16)))
            .Any(range => (ulong)address >= range[0] && (ulong)address < range[1]);
    }

    private static byte Pattern(int i) => (byte)(i * 2654435761u >> 24);
}
