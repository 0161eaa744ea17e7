using LossService.Tests.Support;

namespace LossService.Tests.Hosting;

/// <summary>What browsers are told: to guess no types, to run no scripts but the page's own, to show no page in a frame.</summary>
public sealed class SecurityHeadersTests(TestService service)
{
    [Theory]
    [InlineData("/livez")]
    [InlineData("/v1/losses")]
    [InlineData("/v1/losses/nothing")]
    [InlineData("/nothing")]
    [InlineData("/v2/models/nothing/infer")]
    [InlineData("/swagger/index.html")]
    [InlineData("/swagger/index.js")]
    [InlineData("/swagger/v1/swagger.json")]
    public async Task Responses_All_AreOfTheTypeThatTheySay(string path) =>
        Assert.Equal("nosniff", (await service.SendAsync(new(HttpMethod.Get, path))).Header("X-Content-Type-Options"));

    [Fact]
    public async Task Scores_AreOfTheTypeThatTheySay() => Assert.Equal("nosniff",
        (await service.PostAsync("/v1/losses/cross_entropy", """{"logits":[[1,2]],"labels":[0]}""")).Header("X-Content-Type-Options"));

    [Fact]
    public async Task Page_OfSwagger_RunsOnlyItsOwn()
    {
        var page = await service.SendAsync(new(HttpMethod.Get, "/swagger/index.html"));
        var policy = page.Header("Content-Security-Policy")!;
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        var scripts = policy.Split(';').Single(part => part.StartsWith(" script-src", StringComparison.Ordinal));
        Assert.DoesNotContain("unsafe", scripts, StringComparison.Ordinal);
        // the policy lets no script run that stands in the page
        Assert.DoesNotMatch("<script(?![^>]* src=)", page.Text);
    }

    [Fact]
    public async Task Json_HasNoPolicy() =>
        Assert.Null((await service.SendAsync(new(HttpMethod.Get, "/v1/losses"))).Header("Content-Security-Policy"));
}
