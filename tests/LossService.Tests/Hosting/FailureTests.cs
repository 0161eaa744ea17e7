using LossService.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RequestDecompression;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Serilog.Events;

namespace LossService.Tests.Hosting;

/// <summary>A fault of our own: 500, an id to find it by in the log, and nothing of what went wrong.</summary>
public sealed class FailureTests : IDisposable
{
    private readonly LogLines _log = new();
    private readonly TestService _service;

    public FailureTests() => _service = new(host => host.ConfigureTestServices(services => services
        .AddSingleton(_log.ToLogger())
        .AddSingleton<IRequestDecompressionProvider, Fault>()));

    [Fact]
    public async Task Failure_OfOurs_Is500WithoutDetails()
    {
        var answer = await FailAsync();
        answer.IsProblem(500, "internal-error");
        Assert.Equal("find-me", answer.Header("X-Request-Id"));
        Assert.DoesNotContain("hunter2", answer.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await _service.SendAsync(new(HttpMethod.Get, "/livez"))).Status);
    }

    [Fact]
    public async Task Log_OfAFailure_HasTheCauseTheIdAndTheTrace()
    {
        await FailAsync();
        // the line is written once the answer is out
        var line = await _log.NextAsync();
        Assert.Equal((LogEventLevel.Error, "the password is hunter2"), (line.Level, line.Exception?.Message));
        Assert.Equal("\"find-me\"", line.Properties["RequestId"].ToString());
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", line.TraceId?.ToString());
    }

    [Theory]
    [InlineData("/livez", LogEventLevel.Debug)]
    [InlineData("/nowhere", LogEventLevel.Information)]
    public async Task Log_OfAnAnswer_HasALineOfItsLevel(string path, LogEventLevel level)
    {
        await _service.SendAsync(new(HttpMethod.Get, path));
        var line = await _log.NextAsync();
        Assert.Equal((level, $"\"{path}\""), (line.Level, line.Properties["RequestPath"].ToString()));
        Assert.Null(line.TraceId);
    }

    private Task<Answer> FailAsync() => _service.SendAsync(
        new HttpRequestMessage(HttpMethod.Post, "/v1/losses/cross_entropy")
        {
            Content = new StringContent("""{"logits":[[1,2]],"labels":[0]}""",
                new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")),
            Headers = { { "X-Request-Id", "find-me" }, { "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } },
        });

    public void Dispose() => _service.Dispose();

    /// <summary>A part that every POST passes, and that fails.</summary>
    private sealed class Fault : IRequestDecompressionProvider
    {
        public Stream? GetDecompressionStream(HttpContext context) =>
            HttpMethods.IsPost(context.Request.Method) ? throw new InvalidOperationException("the password is hunter2") : null;
    }
}
