using System.Text;
using LossService.Tests.Support;

namespace LossService.Tests.Http;

/// <summary>Media types and codings: what is not ours is refused by its proper status, with what is.</summary>
public sealed class MediaTypesTests(TestService service)
{
    private const string Path = "/v1/losses/cross_entropy";
    private static readonly byte[] Body = Encoding.UTF8.GetBytes("""{"logits":[[1,2]],"labels":[0]}""");

    [Theory]
    [InlineData("application/json")]
    [InlineData("Application/JSON")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/json;charset=\"UTF-8\"")]
    [InlineData("application/json; profile=\"x\"")]
    public async Task ContentType_Json_IsRead(string contentType) =>
        Assert.Equal(200, (await service.PostAsync(Path, Body, contentType)).Status);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("json")]
    [InlineData("text/plain")]
    [InlineData("text/json")]
    [InlineData("application/*")]
    [InlineData("*/*")]
    [InlineData("application/xml")]
    [InlineData("application/jsonp")]
    [InlineData("application/problem+json")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json, application/json")]
    [InlineData("application/json; charset")]
    [InlineData("application/json; charset=bogus")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/json; charset=iso-8859-1")]
    [InlineData("application/json; charset=\"\"")]
    public async Task ContentType_Other_Is415WithAccept(string? contentType)
    {
        var answer = await service.PostAsync(Path, Body, contentType);
        answer.IsProblem(415, "unsupported-media-type");
        Assert.Equal(
            "application/json, application/x-ndjson, multipart/form-data, application/vnd.apache.arrow.stream", answer.Header("Accept"));
    }

    [Theory]
    [InlineData("utf-16")]
    [InlineData("utf-32")]
    public async Task Body_InAnotherEncoding_Is400(string encoding)
    {
        var body = Encoding.Convert(Encoding.UTF8, Encoding.GetEncoding(encoding), Body);
        (await service.PostAsync(Path, body)).IsProblem(400, "invalid-json");
    }

    [Theory]
    [InlineData("zstd")]
    [InlineData("bogus")]
    [InlineData("gzip, br")]
    [InlineData("identity, gzip")]
    public async Task ContentEncoding_Unknown_Is415WithAcceptEncoding(string encoding)
    {
        var answer = await SendAsync("Content-Encoding", encoding);
        answer.IsProblem(415, "unsupported-media-type");
        Assert.Equal("gzip, br, deflate", answer.Header("Accept-Encoding"));
    }

    [Fact]
    public async Task ContentEncoding_Identity_IsRead() =>
        Assert.Equal(200, (await SendAsync("Content-Encoding", "identity")).Status);

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/*")]
    [InlineData("*/*")]
    [InlineData("text/html, */*;q=0.1")]
    [InlineData("text/html, application/json;q=0.5")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("APPLICATION/JSON")]
    [InlineData("nonsense")]
    public async Task Accept_AllowingJson_IsAnsweredInJson(string accept)
    {
        var answer = await SendAsync("Accept", accept);
        Assert.Equal((200, "application/json"), (answer.Status, answer.Header("Content-Type")));
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("application/xml, text/*")]
    [InlineData("application/json;q=0")]
    [InlineData("application/json;q=0, */*")]
    [InlineData("text/html, *;q=0")]
    public async Task Accept_WithoutJson_Is406(string accept)
    {
        var problem = (await SendAsync("Accept", accept)).IsProblem(406, "not-acceptable");
        Assert.Contains("application/json", problem.GetProperty("detail").GetString()!, StringComparison.Ordinal);
    }

    private Task<Answer> SendAsync(string header, string value)
    {
        var content = new ByteArrayContent(Body) { Headers = { ContentType = new("application/json") } };
        var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = content };
        if (!request.Headers.TryAddWithoutValidation(header, value)) content.Headers.TryAddWithoutValidation(header, value);
        return service.SendAsync(request);
    }
}
