using LossService.Tests.Support;

namespace LossService.Tests.Hosting;

/// <summary>Every answer has a request id: the client's where it is fit for a header, otherwise a new one.</summary>
public sealed class RequestIdsTests(TestService service)
{
    // 130 characters
    private const string TooLong = "12345678901234567890123456789012345678901234567890123456789012345"
        + "67890123456789012345678901234567890123456789012345678901234567890";

    [Fact]
    public async Task RequestId_OfTheClient_ComesBack()
    {
        foreach (var path in new[] { "/livez", "/v1/losses", "/nothing" })
        {
            var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "X-Request-Id", "job-7/batch:12" } } };
            Assert.Equal("job-7/batch:12", (await service.SendAsync(request)).Header("X-Request-Id"));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("\ttab")]
    [InlineData(TooLong)]
    public async Task RequestId_Unfit_IsReplaced(string id)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/livez");
        request.Headers.TryAddWithoutValidation("X-Request-Id", id);
        var made = (await service.SendAsync(request)).Header("X-Request-Id");
        Assert.NotEqual(id, made);
        Assert.Matches("^[!-~]{1,128}$", made);
    }

    [Fact]
    public async Task RequestIds_OfTwoRequests_Differ() => Assert.NotEqual(
        (await service.SendAsync(new(HttpMethod.Get, "/livez"))).Header("X-Request-Id"),
        (await service.SendAsync(new(HttpMethod.Get, "/livez"))).Header("X-Request-Id"));
}
