using LossService.Tests.Support;

namespace LossService.Tests.Api;

/// <summary>Methods and paths: what is not ours is refused by its proper status, with what is.</summary>
public sealed class LossEndpointsTests(TestService service)
{
    private const string Loss = "/v1/losses/cross_entropy";
    private const string Body = """{"logits":[[1,2]],"labels":[0]}""";

    [Theory]
    [InlineData("DELETE", Loss, "GET, POST")]
    [InlineData("PUT", Loss, "GET, POST")]
    [InlineData("PATCH", Loss, "GET, POST")]
    [InlineData("OPTIONS", Loss, "GET, POST")]
    [InlineData("BREW", Loss, "GET, POST")]
    [InlineData("PUT", "/v1/losses", "GET, POST")]
    [InlineData("POST", "/livez", "GET")]
    [InlineData("DELETE", "/readyz", "GET")]
    [InlineData("POST", "/", "GET")]
    public async Task Method_Wrong_Is405WithAllow(string method, string path, string allow)
    {
        var answer = await service.SendAsync(new(new(method), path));
        answer.IsProblem(405, "method-not-allowed");
        Assert.Equal(allow.Split(", "), answer.Header("Allow")!.Split(", ").Except(["HEAD"]).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("/v1/losses/cross_entrop", "cross_entropy")]
    [InlineData("/v1/losses/Cross-Entropy", "cross_entropy")]
    [InlineData("/v1/losses/crossentropy", "cross_entropy")]
    [InlineData("/v1/losses/binary_crossentropy", "binary_cross_entropy")]
    public async Task Loss_Misspelt_NamesTheNearest(string path, string nearest)
    {
        var posted = (await service.PostAsync(path, Body)).IsProblem(404, "unknown-loss");
        var read = (await service.SendAsync(new(HttpMethod.Get, path))).IsProblem(404, "unknown-loss");
        Assert.Contains($"did you mean \"{nearest}\"?", posted.GetProperty("detail").GetString()!, StringComparison.Ordinal);
        Assert.Contains($"did you mean \"{nearest}\"?", read.GetProperty("detail").GetString()!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/losses/zzzzzzzzzz")]
    [InlineData("/v1/losses/%3Cscript%3E")]
    public async Task Loss_LikeNoOther_IsUnknownWithoutSuggestion(string path)
    {
        var problem = (await service.PostAsync(path, Body)).IsProblem(404, "unknown-loss");
        Assert.DoesNotContain("did you mean", problem.GetProperty("detail").GetString()!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/v1")]
    [InlineData("/v2/losses")]
    [InlineData("/v1/losses/cross_entropy/more")]
    [InlineData("/V1/Losses//cross_entropy")]
    [InlineData("/%2e%2e/etc/passwd")]
    public async Task Path_Unknown_Is404(string path) =>
        (await service.SendAsync(new(HttpMethod.Get, path))).IsProblem(404, "not-found");
}
