using LossService.Core.Tensors;
using LossService.Http;
using LossService.Tests.Support;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Serilog.Events;

namespace LossService.Tests.Http;

/// <summary>A block has one holder at a time, however it is given back.</summary>
public sealed class ReceivePoolTests
{
    [Fact]
    public void Block_RentedInAnySize_Is64KB()
    {
        using var pool = Pool();
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
        using var pool = Pool();
        var large = Enumerable.Range(0, ReceivePool.Kept).Select(_ => pool.Rent()).ToList();
        Assert.All(large, block => Assert.Equal(ReceivePool.BlockSize, block.Memory.Length));
        using (var small = pool.Rent()) Assert.Equal(ReceivePool.SmallBlockSize, small.Memory.Length);
        using (var needed = pool.Rent(ReceivePool.BlockSize)) Assert.Equal(ReceivePool.BlockSize, needed.Memory.Length);
        large[0].Dispose();
        using (var again = pool.Rent()) Assert.Equal(ReceivePool.BlockSize, again.Memory.Length);
    }

    [Theory]
    [InlineData(1024 * 1024, 128 * 1024)]
    [InlineData(512L * 1024 * 1024, 256 * 1024)]
    [InlineData(16L * 1024 * 1024 * 1024, 1024 * 1024)]
    public void BytesAhead_ForTheMemoryOfConnections_AreAsManyAsThousandsCanHave(long memory, int expected)
    {
        using var pool = new ReceivePool(Options.Create(new Limits { ConnectionBytes = memory }));
        Assert.Equal(expected, pool.BytesAhead);
    }

    [Fact]
    public void Block_GivenBack_IsTheNextOneRented()
    {
        using var pool = Pool();
        var first = pool.Rent();
        first.Memory.Span[0] = 42;
        first.Dispose();
        Assert.Equal(42, pool.Rent().Memory.Span[0]);
    }

    [Fact]
    public void Block_GivenBackTwice_IsRentedToOneHolder()
    {
        using var pool = Pool();
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
        using var factory = Pool();
        var pool = factory.Create();
        pool.Dispose();
        using var block = factory.Create().Rent();
        Assert.Same(pool, factory.Create());
        Assert.False(block.Memory.IsEmpty);
    }

    [Fact]
    public void Block_BeyondTheLimit_IsRefused()
    {
        using var pool = Pool(1024 * 1024);
        var blocks = Enumerable.Range(0, 16).Select(_ => pool.Rent()).ToList();
        Assert.Throws<MemoryBudgetException>(() => pool.Rent());
        blocks[0].Dispose();
        using (pool.Rent()) Assert.Equal(pool.Memory.Limit, pool.Memory.Used);
        blocks.ForEach(block => block.Dispose());
        Assert.Equal(0, pool.Memory.Used);
    }

    /// <summary>Each connection holds what nobody reads: its body was refused.</summary>
    [Fact]
    public async Task Connections_ThatNeedMoreThanTheLimit_End_AndTheServiceLives()
    {
        var log = new LogLines();
        using var service = new TestService(host => host
            .UseSetting("Limits:ConnectionBytes", "2000000").UseSetting("Limits:MemoryBytes", "1048576")
            .ConfigureTestServices(log.Replace));
        service.Services.GetRequiredService<Admission>().Memory.Take(1024 * 1024);
        var memory = service.Services.GetRequiredService<ReceivePool>().Memory;
        var upload = "POST /v1/losses/cross_entropy HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Content-Length: 1000000\r\n\r\n".PadRight(500_000);
        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(async _ =>
        {
            try
            {
                return (await RawClient.ExchangeAsync(service.Address, upload))?.Status;
            }
            catch (IOException)
            {
                return null;
            }
        }));
        Assert.InRange(memory.Peak, 1_900_000, memory.Limit);
        Assert.Contains(null, answers);
        Assert.DoesNotContain(answers, status => status is not (null or 429));
        Assert.InRange(memory.Peak, 1_900_000, memory.Limit);
        for (var i = 0; i < 100 && memory.Used > 0; i++) await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Equal(0, memory.Used);
        Assert.Equal(200, (await service.SendAsync(new(HttpMethod.Get, "/livez"))).Status);
        Assert.DoesNotContain(log.All, line => line.Level >= LogEventLevel.Error);
    }

    private static ReceivePool Pool(long limit = 64 * 1024 * 1024) => new(Options.Create(new Limits { ConnectionBytes = limit }));
}
