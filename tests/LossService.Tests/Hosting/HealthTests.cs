using System.Text.Json;
using LossService.Tests.Support;

namespace LossService.Tests.Hosting;

/// <summary>Health, the index, and HEAD on every page.</summary>
public sealed class HealthTests(TestService service)
{
    [Theory]
    [InlineData("/livez", "live\n")]
    [InlineData("/readyz", "ready\n")]
    public async Task Health_OfARunningService_Is200(string path, string text)
    {
        var answer = await service.SendAsync(new(HttpMethod.Get, path));
        Assert.Equal((200, text), (answer.Status, answer.Text));
        Assert.Equal("no-store", answer.Header("Cache-Control"));
    }

    /// <summary>HEAD is GET without the body (RFC 9110, 9.3.2), so probes and link checkers may use it.</summary>
    [Theory]
    [InlineData("/livez")]
    [InlineData("/readyz")]
    [InlineData("/")]
    [InlineData("/v1/losses")]
    [InlineData("/v1/losses/cross_entropy")]
    public async Task Page_ByHead_AnswersAsByGetWithoutBody(string path)
    {
        var got = await service.SendAsync(new(HttpMethod.Get, path));
        var head = await service.SendAsync(new(HttpMethod.Head, path));
        Assert.Equal((got.Status, got.Header("Content-Type")), (head.Status, head.Header("Content-Type")));
        Assert.NotEmpty(got.Body);
        Assert.Empty(head.Body);
    }

    [Fact]
    public async Task Index_EveryLink_Answers()
    {
        var index = JsonDocument.Parse((await service.SendAsync(new(HttpMethod.Get, "/"))).Body).RootElement;
        var links = index.EnumerateObject().Select(member => member.Value.GetString()!).Where(link => link.StartsWith('/')).ToList();
        Assert.True(links.Count >= 5);
        foreach (var link in links) Assert.InRange((await service.SendAsync(new(HttpMethod.Get, link))).Status, 200, 302);
    }
}
