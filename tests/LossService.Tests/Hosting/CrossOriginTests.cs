using LossService.Tests.Support;

namespace LossService.Tests.Hosting;

/// <summary>Web pages of other origins: none may call the service but those that the setting names.</summary>
public sealed class CrossOriginTests(TestService closed) : IDisposable
{
    private const string Score = "/v1/losses/cross_entropy";
    private const string Infer = "/v2/models/cross_entropy/infer";
    private const string Friend = "https://app.example.com";
    private const string Stranger = "https://evil.example";
    private readonly TestService _open = new(host => host.UseSetting("Cors:Origins", $"http://localhost:3000; {Friend}"));

    [Fact]
    public async Task Preflight_OfANamedOrigin_IsAnswered()
    {
        var answer = await _open.SendAsync(Preflight(Friend));
        Assert.Equal((204, Friend), (answer.Status, answer.Header("Access-Control-Allow-Origin")));
        Assert.Equal("content-type,x-api-key", answer.Header("Access-Control-Allow-Headers"));
        Assert.Contains("POST", answer.Header("Access-Control-Allow-Methods"), StringComparison.Ordinal);
        Assert.Null(answer.Header("Access-Control-Allow-Credentials"));
    }

    [Fact]
    public async Task Preflight_OfAnother_AllowsNothing()
    {
        Assert.Null((await _open.SendAsync(Preflight(Stranger))).Header("Access-Control-Allow-Origin"));
        var answer = await closed.SendAsync(Preflight(Friend));
        answer.IsProblem(405, "method-not-allowed");
        Assert.Null(answer.Header("Access-Control-Allow-Origin"));
    }

    [Theory]
    [InlineData(Score)]
    [InlineData(Infer)]
    public async Task Post_OfANamedOrigin_CanReadTheAnswerAndItsErrors(string path)
    {
        var answer = await _open.SendAsync(Post(path, Friend, "cross-site"));
        Assert.Equal((422, Friend), (answer.Status, answer.Header("Access-Control-Allow-Origin")));
        Assert.Contains("X-Request-Id", answer.Header("Access-Control-Expose-Headers"), StringComparison.Ordinal);
    }

    /// <summary>Without a Content-Type a browser sends no preflight.</summary>
    [Theory]
    [InlineData("cross-site", 403)]
    [InlineData("same-site", 403)]
    [InlineData("same-origin", 422)]
    [InlineData("none", 422)]
    [InlineData(null, 422)]
    public async Task Post_WithoutPreflight_IsRefusedToOtherPages(string? site, int status)
    {
        foreach (var service in new[] { closed, _open })
        {
            var answer = await service.SendAsync(Post(Infer, Stranger, site));
            Assert.Equal(status, answer.Status);
            if (status == 403) answer.IsProblem(403, "forbidden");
        }
    }

    [Fact]
    public async Task Origins_All_AreAny()
    {
        using var service = new TestService(host => host.UseSetting("Cors:Origins", "*"));
        var answer = await service.SendAsync(Post(Infer, Stranger, "cross-site"));
        Assert.Equal((422, "*"), (answer.Status, answer.Header("Access-Control-Allow-Origin")));
    }

    public void Dispose() => _open.Dispose();

    private static HttpRequestMessage Preflight(string origin) => new(HttpMethod.Options, Score)
    {
        Headers =
        {
            { "Origin", origin }, { "Access-Control-Request-Method", "POST" },
            { "Access-Control-Request-Headers", "content-type,x-api-key" },
        },
    };

    private static HttpRequestMessage Post(string path, string origin, string? site)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent("{}"u8.ToArray()) };
        if (path == Score) request.Content.Headers.ContentType = new("application/json");
        request.Headers.Add("Origin", origin);
        if (site is not null) request.Headers.Add("Sec-Fetch-Site", site);
        return request;
    }
}
