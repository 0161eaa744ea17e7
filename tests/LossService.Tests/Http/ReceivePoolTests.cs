using LossService.Http;

namespace LossService.Tests.Http;

/// <summary>A block has one holder at a time, however it is given back.</summary>
public sealed class ReceivePoolTests
{
    [Fact]
    public void Block_RentedInAnySize_Is64KB()
    {
        using var pool = new ReceivePool();
        foreach (var size in (int[])[-1, 0, 1, 4096, pool.MaxBufferSize])
        {
            using var block = pool.Rent(size);
            Assert.Equal(64 * 1024, block.Memory.Length);
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Rent(pool.MaxBufferSize + 1));
    }

    [Fact]
    public void Blocks_BeyondThoseKept_AreSmallUntilLargeOnesComeBack()
    {
        using var pool = new ReceivePool();
        var large = Enumerable.Range(0, ReceivePool.Kept).Select(_ => pool.Rent()).ToList();
        Assert.All(large, block => Assert.Equal(ReceivePool.BlockSize, block.Memory.Length));
        using (var small = pool.Rent()) Assert.Equal(ReceivePool.SmallBlockSize, small.Memory.Length);
        using (var needed = pool.Rent(ReceivePool.BlockSize)) Assert.Equal(ReceivePool.BlockSize, needed.Memory.Length);
        large[0].Dispose();
        using (var again = pool.Rent()) Assert.Equal(ReceivePool.BlockSize, again.Memory.Length);
    }

    [Fact]
    public void Block_GivenBack_IsTheNextOneRented()
    {
        using var pool = new ReceivePool();
        var first = pool.Rent();
        first.Memory.Span[0] = 42;
        first.Dispose();
        Assert.Equal(42, pool.Rent().Memory.Span[0]);
    }

    [Fact]
    public void Block_GivenBackTwice_IsRentedToOneHolder()
    {
        using var pool = new ReceivePool();
        var block = pool.Rent();
        block.Dispose();
        block.Dispose();
        var (one, other) = (pool.Rent(), pool.Rent());
        one.Memory.Span[0] = 1;
        other.Memory.Span[0] = 2;
        Assert.Equal(1, one.Memory.Span[0]);
    }

    [Fact]
    public void Pool_AskedForByEveryListener_IsOneAndOutlivesThem()
    {
        using var factory = new ReceivePool();
        var pool = factory.Create();
        pool.Dispose();
        using var block = factory.Create().Rent();
        Assert.Same(pool, factory.Create());
        Assert.False(block.Memory.IsEmpty);
    }
}
