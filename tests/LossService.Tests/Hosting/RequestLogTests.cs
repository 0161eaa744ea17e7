using System.Globalization;
using Grpc.Core;
using LossService.Formats.OpenInference.Grpc;
using LossService.Tests.Support;
using Serilog.Events;

namespace LossService.Tests.Hosting;

/// <summary>The log of refused requests: one line each, of bounded length, and a bounded number of them.</summary>
public sealed class RequestLogTests
{
    private readonly LogLines _log = new();

    [Fact]
    public async Task Path_Long_IsCut()
    {
        using var service = new TestService(_log.Attach);
        await service.SendAsync(new(HttpMethod.Get, "/" + new string('a', 7000)));
        Assert.InRange(Property(await _log.NextAsync(), "RequestPath").Length, 256, 300);
    }

    /// <summary>A terminal would obey them.</summary>
    [Fact]
    public async Task Path_WithControlCharacters_IsEscaped()
    {
        using var service = new TestService(_log.Attach);
        await RawClient.ExchangeAsync(service.Address, "GET /%1b[2J%0a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Assert.Equal("/%1B%5B2J%0A", Property(await _log.NextAsync(), "RequestPath"));
    }

    [Fact]
    public async Task Call_Refused_HasOneLine()
    {
        using var service = new TestService(_log.Attach);
        await Assert.ThrowsAsync<RpcException>(() =>
            GrpcCall.CallAsync(service.Channel, "ModelInfer", new ModelInferRequest { ModelName = "nothing" }));
        var line = await _log.NextAsync();
        Assert.Equal((LogEventLevel.Information, "gRPC 5"), (line.Level, Property(line, "StatusCode")));
        Assert.True(_log.IsEmpty);
    }

    [Fact]
    public async Task Refusals_InAFlood_AreCounted()
    {
        const int Sent = 3000;
        using var service = new TestService(host =>
        {
            _log.Attach(host);
            host.UseSetting("Limits:LoggedRequests", "5");
        });
        using var client = new RawClient(service.Address);
        var flood = client.SendAsync(string.Concat(Enumerable.Repeat("GET /no HTTP/1.1\r\nHost: x\r\n\r\n", Sent - 1))
            + "GET /no HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Assert.Equal(Sent, (await client.ReadAsync())!.Count);
        await flood;

        // a slow machine takes several seconds, each with its lines and its sum
        var (lines, rest) = (0, 0L);
        while (lines + rest < Sent)
        {
            var line = await _log.NextAsync();
            if (line.Properties.TryGetValue("Count", out var count)) rest += long.Parse(count.ToString(), CultureInfo.InvariantCulture);
            else lines++;
        }
        Assert.Equal(Sent, lines + rest);
        Assert.True(rest > 0);
    }

    private static string Property(LogEvent line, string name) => (string)((ScalarValue)line.Properties[name]).Value!;
}
