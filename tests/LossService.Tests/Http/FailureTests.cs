using LossService.Validation;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Tests.Http;

/// <summary>A fault of our own: 500, an id to find it by in the log, and nothing of what went wrong.</summary>
public sealed class FailureTests : IDisposable
{
    private readonly Service _service = new(host => host.ConfigureTestServices(services =>
        services.AddSingleton<RequestValidator>(_ => throw new InvalidOperationException("the password is hunter2"))));

    [Fact]
    public async Task Failure_OfOurs_Is500WithoutDetails()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/losses/cross_entropy")
        {
            Content = new StringContent("""{"logits":[[1,2]],"labels":[0]}""", new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")),
            Headers = { { "X-Request-Id", "find-me" } },
        };
        var answer = await _service.SendAsync(request);
        answer.IsProblem(500, "internal-error");
        Assert.Equal("find-me", answer.Header("X-Request-Id"));
        Assert.DoesNotContain("hunter2", answer.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await _service.SendAsync(new(HttpMethod.Get, "/livez"))).Status);
    }

    public void Dispose() => _service.Dispose();
}
