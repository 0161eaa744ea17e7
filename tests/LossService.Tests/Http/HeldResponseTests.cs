using LossService.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace LossService.Tests.Http;

/// <summary>A response that is held for a client.</summary>
public sealed class HeldResponseTests
{
    [Fact]
    public async Task Flush_WithoutMemoryForAClientThatReads_DoesNotStall()
    {
        var limits = new Limits { MemoryBytes = 1024 * 1024, StallSeconds = 1 };
        using var admission = new Admission(Options.Create(limits));
        // another request has all of it
        admission.Memory.Take(limits.MemoryBytes);
        var context = new DefaultHttpContext { Response = { Body = Stream.Null } };
        using var response = new HeldResponse(context, admission);
        for (var i = 0; i < 20; i++)
        {
            await response.WriteAsync(new byte[1000], TestContext.Current.CancellationToken);
            await response.FlushAsync(TestContext.Current.CancellationToken);
        }
        await response.FinishAsync();
    }
}
