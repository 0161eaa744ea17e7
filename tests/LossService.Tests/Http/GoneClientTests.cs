using System.Text;
using Google.Protobuf;
using Grpc.Core;
using LossService.Formats.OpenInference.Grpc;
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
                + "{\"logits\":[[1,2]" + string.Concat(Enumerable.Repeat(",[3,4]", 17_000)));
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
        var headers = await CallAsync(_service, Encoding.Latin1.GetBytes(bytes));
        Assert.Equal($"{status}", Assert.Single(headers.GetValues("grpc-status")));
        Assert.NotEqual((int)StatusCode.Unknown, status);
        AssertNoError();
    }

    /// <summary>Each of these bytes would take hundreds of memory.</summary>
    [Theory]
    [InlineData(0x2a, 0)] // inputs
    [InlineData(0x32, 0)] // outputs
    [InlineData(0x78, 1)] // a field that no message has
    public async Task Message_OfManyParts_IsRefusedBeforeTheyAreMade(byte tag, byte value)
    {
        using var small = new TestService(settings => settings.UseSetting("Limits:GrpcMemoryBytes", "33554432"));
        var headers = await CallAsync(small, Prefix([.. Enumerable.Range(0, 200_000).SelectMany(_ => (byte[])[tag, value])]));
        Assert.Equal("8", Assert.Single(headers.GetValues("grpc-status")));
        Assert.Contains("more than the limit of 33554432", Assert.Single(headers.GetValues("grpc-message")), StringComparison.Ordinal);
        Assert.Equal(0, small.Services.GetRequiredService<Admission>().GrpcMemory.Used);
    }

    /// <summary>The service reads a message before the framework does.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(3000)]
    public async Task Message_InTwoPieces_IsRead(int first)
    {
        var message = new ModelInferRequest { ModelName = "cross_entropy", Id = new string('x', 6000) };
        var headers = await CallAsync(_service, Prefix(message.ToByteArray()), first);
        Assert.Equal("3", Assert.Single(headers.GetValues("grpc-status")));
        Assert.Contains("got 6000", Assert.Single(headers.GetValues("grpc-message")), StringComparison.Ordinal);
    }

    public void Dispose() => _service.Dispose();

    private LossService.Core.Tensors.MemoryBudget Memory => _service.Services.GetRequiredService<Admission>().Memory;

    private static byte[] Prefix(byte[] message)
    {
        var body = new byte[5 + message.Length];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(1), message.Length);
        message.CopyTo(body, 5);
        return body;
    }

    private static async Task<System.Net.Http.Headers.HttpResponseHeaders> CallAsync(TestService service, byte[] body, int? first = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(service.GrpcAddress, "/inference.GRPCInferenceService/ModelInfer"))
        {
            Version = new(2, 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new Pieces(body, first ?? body.Length) { Headers = { ContentType = new("application/grpc") } },
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

    /// <summary>A body that arrives in two pieces.</summary>
    private sealed class Pieces(byte[] body, int first) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            await stream.WriteAsync(body.AsMemory(0, first));
            await stream.FlushAsync();
            if (first == body.Length) return;
            await Task.Delay(100);
            await stream.WriteAsync(body.AsMemory(first));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = body.Length;
            return true;
        }
    }

    private sealed class Unseekable(int length) : MemoryStream(new byte[length])
    {
        public override bool CanSeek => false;
    }
}
