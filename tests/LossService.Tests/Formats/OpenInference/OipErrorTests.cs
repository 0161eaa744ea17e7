using System.Text.Json;
using LossService.Tests.Support;

namespace LossService.Tests.Formats.OpenInference;

/// <summary>
/// The field <c>error</c>, in which the protocol's clients look for the detail of a problem: under <c>/v2</c> and only there.
/// </summary>
public sealed class OipErrorTests(TestService service)
{
    [Theory]
    [InlineData("GET", "/v2/nothing", 404)]
    [InlineData("DELETE", "/v2/models", 405)]
    [InlineData("POST", "/v2/models/cross_entropy/infer", 400)]
    [InlineData("POST", "/v2/models/crossentropy/infer", 404)]
    public async Task Problem_UnderThePath_HasTheDetailAsError(string method, string path, int status)
    {
        var problem = await SendAsync(method, path, status);
        Assert.Equal(problem.GetProperty("detail").GetString(), problem.GetProperty("error").GetString());
    }

    [Theory]
    [InlineData("GET", "/v22", 404)]
    [InlineData("DELETE", "/v1/losses", 405)]
    [InlineData("POST", "/v1/losses/crossentropy", 404)]
    public async Task Problem_Elsewhere_HasNoError(string method, string path, int status) =>
        Assert.False((await SendAsync(method, path, status)).TryGetProperty("error", out _));

    private async Task<JsonElement> SendAsync(string method, string path, int status)
    {
        var answer = await service.SendAsync(new(new(method), path));
        Assert.Equal(status, answer.Status);
        return JsonDocument.Parse(answer.Body).RootElement;
    }
}
