using System.Text;
using Grpc.Core;
using LossService.Http;
using LossService.Tests.Support;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Serilog.Events;

namespace LossService.Tests.Http;

/// <summary>What clients break is no error of the service: no 500, and no line at Error.</summary>
public sealed class GoneClientTests : IDisposable
{
    private readonly LogLines _log = new();
    private readonly TestService _service;

    public GoneClientTests() => _service = new(host => host
        .UseSetting("Limits:BodyBytes", "1048576")
        .ConfigureTestServices(_log.Replace));

    [Theory]
    [InlineData("/v1/losses/cross_entropy", "application/json")]
    [InlineData("/v1/losses/cross_entropy", "application/x-ndjson")]
    [InlineData("/v2/models/cross_entropy/infer", "application/json")]
    public async Task Upload_BrokenOff_LeavesNoErrorAndNoMemory(string path, string type)
    {
        using (var client = new RawClient(_service.Address))
        {
            await client.SendAsync($"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {type}\r\nContent-Length: 900000\r\n\r\n"
                + "{\"logits\":[[1,2]".PadRight(100_000));
            await WaitAsync(() => Memory.Used > 0);
            client.Reset();
        }
        await WaitAsync(() => Memory.Used == 0);
        AssertNoError();
    }

    /// <summary>The client goes on sending while it gets the answer: the server reads the rest, so that it arrives.</summary>
    [Fact]
    public async Task Upload_InChunksOverTheLimit_GetsItsAnswer()
    {
        for (var i = 0; i < 5; i++)
        {
            var answer = await _service.SendAsync(new(HttpMethod.Post, "/v1/losses/cross_entropy")
            {
                Content = new StreamContent(new Unseekable(3 * 1024 * 1024)) { Headers = { ContentType = new("application/json") } },
            });
            answer.IsProblem(413, "payload-too-large");
        }
        AssertNoError();
    }

    [Theory]
    [InlineData("", 3)] // no message at all
    [InlineData("\u0000\u0000\u0000\u0000\u0004\u00ff\u00ff\u00ff\u00ff", 3)]
    [InlineData("\u0000\u0000\u0000\u0000\u0009\u0012", 3)] // shorter than it says
    [InlineData("\u0000\u007f\u00ff\u00ff\u00ff", 8)] // longer than the limit
    public async Task Message_ThatIsNone_IsInvalidArgument(string bytes, int status)
    {
        var headers = await CallAsync(Encoding.Latin1.GetBytes(bytes));
        Assert.Equal($"{status}", Assert.Single(headers.GetValues("grpc-status")));
        Assert.NotEqual((int)StatusCode.Unknown, status);
        AssertNoError();
    }

    /// <summary>Empty inputs and outputs take two bytes each, and would take hundreds of memory.</summary>
    [Theory]
    [InlineData(0x2a)]
    [InlineData(0x32)]
    public async Task Message_OfManyParts_IsRefusedBeforeAllAreMade(byte tag)
    {
        var message = new byte[5 + 400_000];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), message.Length - 5);
        for (var i = 5; i < message.Length; i += 2) message[i] = tag;
        var headers = await CallAsync(message);
        Assert.Equal("3", Assert.Single(headers.GetValues("grpc-status")));
        Assert.Contains("more than 4096 inputs and outputs", Assert.Single(headers.GetValues("grpc-message")), StringComparison.Ordinal);
        AssertNoError();
    }

    public void Dispose() => _service.Dispose();

    private LossService.Core.Tensors.MemoryBudget Memory => _service.Services.GetRequiredService<Admission>().Memory;

    private async Task<System.Net.Http.Headers.HttpResponseHeaders> CallAsync(byte[] body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_service.GrpcAddress, "/inference.GRPCInferenceService/ModelInfer"))
        {
            Version = new(2, 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/grpc") } },
        };
        using var client = new HttpClient();
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        return response.Headers.Contains("grpc-status") ? response.Headers : response.TrailingHeaders;
    }

    private void AssertNoError() => Assert.DoesNotContain(_log.All, line => line.Level >= LogEventLevel.Error);

    private static async Task WaitAsync(Func<bool> isSo)
    {
        for (var i = 0; i < 400 && !isSo(); i++) await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.True(isSo());
    }

    private sealed class Unseekable(int length) : MemoryStream(new byte[length])
    {
        public override bool CanSeek => false;
    }
}
