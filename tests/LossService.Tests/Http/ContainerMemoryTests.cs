using LossService.Http;

namespace LossService.Tests.Http;

/// <summary>The container's limit is found in both versions of control groups, seen from inside and from outside.</summary>
public sealed class ContainerMemoryTests
{
    [Theory]
    [InlineData("/", "/sys/fs/cgroup/memory.max", "536870912\n", 536870912)]
    [InlineData("/", "/sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824", 1073741824)]
    [InlineData("/docker/1", "/sys/fs/cgroup/docker/1/memory.max", "1000", 1000)]
    [InlineData("/docker/1", "/sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", "1000", 1000)]
    [InlineData("/", "/sys/fs/cgroup/memory.max", "max", long.MaxValue)]
    [InlineData("/", "/nowhere", "1", long.MaxValue)]
    public void Limit_OfAFile_IsFound(string group, string file, string text, long limit) =>
        Assert.Equal(limit, ContainerMemory.FindLimit(group, asked => asked == file ? text : null));

    [Theory]
    [InlineData("4:memory:/a/b\n0::/c\n", "/a/b")]
    [InlineData("0::/kubepods/x\n", "/kubepods/x")]
    [InlineData("", "/")]
    [InlineData(null, "/")]
    public void Group_OfAProcess_IsFound(string? lines, string group) => Assert.Equal(group, ContainerMemory.FindGroup(lines));

    [Fact]
    public void Limits_OfThisMachine_AddUpToLessThanItsMemory()
    {
        var limits = new Limits();
        Assert.InRange(ContainerMemory.Bytes, 64L * 1024 * 1024, 1L << 50);
        Assert.InRange(limits.MemoryBytes, ContainerMemory.Bytes / 5 * 2, ContainerMemory.Bytes / 2);
    }
}
