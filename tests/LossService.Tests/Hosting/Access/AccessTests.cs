using System.Text.Json.Nodes;
using Grpc.Core;
using Grpc.Health.V1;
using LossService.Formats.OpenInference.Grpc;
using LossService.Tests.Support;

namespace LossService.Tests.Hosting.Access;

/// <summary>A service with keys: what is open, what needs one, and what its holder and others are told.</summary>
public sealed class AccessTests(TestService open, AccessTests.KeyService keyed) : IClassFixture<AccessTests.KeyService>
{
    private const string Score = "/v1/losses/cross_entropy";
    private const string Infer = "/v2/models/cross_entropy/infer";

    [Theory]
    [InlineData("/")]
    [InlineData("/livez")]
    [InlineData("/readyz")]
    [InlineData("/v1/losses")]
    [InlineData("/v1/losses/cross_entropy")]
    [InlineData("/v1/limits")]
    [InlineData("/swagger/index.html")]
    [InlineData("/swagger/v1/swagger.json")]
    [InlineData("/v2")]
    [InlineData("/v2/health/live")]
    [InlineData("/v2/health/ready")]
    [InlineData("/v2/models")]
    [InlineData("/v2/models/cross_entropy")]
    [InlineData("/v2/models/cross_entropy/ready")]
    [InlineData("/v2/models/cross_entropy/versions/1/ready")]
    public async Task Page_OfTheCatalogueOrHealth_NeedsNoKey(string path) =>
        Assert.Equal(200, (await keyed.SendAsync(new(HttpMethod.Get, path))).Status);

    [Theory]
    [InlineData("POST", Score)]
    [InlineData("POST", Infer)]
    [InlineData("POST", "/v2/models/cross_entropy/versions/1/infer")]
    [InlineData("POST", "/v1/losses/nothing")]
    [InlineData("POST", "/v1/losses")]
    [InlineData("GET", "/nothing")]
    [InlineData("GET", "/metrics")]
    public async Task Request_ForAnythingElse_NeedsAKey(string method, string path)
    {
        var answer = await keyed.SendAsync(new(new(method), path));
        answer.IsProblem(401, "unauthorized");
        Assert.Equal("Bearer realm=\"LossService\"", answer.Header("WWW-Authenticate"));
    }

    [Theory]
    [InlineData("Authorization", "Bearer " + KeyService.Scorer)]
    [InlineData("Authorization", "bearer " + KeyService.Scorer)]
    [InlineData("X-Api-Key", KeyService.Scorer)]
    [InlineData("X-Api-Key", KeyService.Both)]
    public async Task Key_WithTheScope_Scores(string header, string value)
    {
        foreach (var path in new[] { Score, Infer }) Assert.Equal(422, (await keyed.SendAsync(Post(path, header, value))).Status);
        Assert.NotEmpty(await GrpcCall.InferAsync(keyed.Channel, (header, value)));
    }

    [Theory]
    [InlineData("Authorization", "Bearer wrong")]
    [InlineData("Authorization", "Bearer ")]
    [InlineData("Authorization", "Bearer a.b.c")]
    [InlineData("X-Api-Key", "wrong")]
    [InlineData("X-Api-Key", KeyService.Scorer + "x")]
    public async Task Key_Unknown_IsUnauthorized(string header, string value)
    {
        var answer = await keyed.SendAsync(Post(Score, header, value));
        answer.IsProblem(401, "unauthorized");
        Assert.StartsWith("Bearer realm=\"LossService\"", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<RpcException>(() => GrpcCall.InferAsync(keyed.Channel, (header, value)));
        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
    }

    [Fact]
    public async Task Hash_OfAKey_IsNoKey() =>
        Assert.Equal(401, (await keyed.SendAsync(Post(Score, "X-Api-Key", KeyService.HashOf(KeyService.Scorer)))).Status);

    [Fact]
    public async Task Key_WithoutTheScope_IsForbidden()
    {
        var answer = await keyed.SendAsync(Post(Score, "X-Api-Key", KeyService.Scraper));
        answer.IsProblem(403, "forbidden");
        Assert.Contains("error=\"insufficient_scope\", scope=\"score\"", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<RpcException>(() =>
            GrpcCall.InferAsync(keyed.Channel, ("x-api-key", KeyService.Scraper)));
        Assert.Equal((StatusCode.PermissionDenied, "The key or token lacks the scope \"score\"."),
            (refused.StatusCode, refused.Status.Detail));

        (await keyed.SendAsync(Get("/metrics", KeyService.Scorer))).IsProblem(403, "forbidden");
        foreach (var key in new[] { KeyService.Scraper, KeyService.Both })
            Assert.NotInRange((await keyed.SendAsync(Get("/metrics", key))).Status, 401, 403);
    }

    [Fact]
    public async Task Call_WithoutAKey_IsUnauthenticatedInWords()
    {
        var refused = await Assert.ThrowsAsync<RpcException>(() => GrpcCall.InferAsync(keyed.Channel));
        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
        Assert.Contains("Authorization: Bearer …", refused.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_OfHealthAndMetadata_NeedNoKey()
    {
        await GrpcCall.CallAsync(keyed.Channel, "ServerLive", new ServerLiveRequest());
        await GrpcCall.CallAsync(keyed.Channel, "ServerReady", new ServerReadyRequest());
        await GrpcCall.CallAsync(keyed.Channel, "ServerMetadata", new ServerMetadataRequest());
        await GrpcCall.CallAsync(keyed.Channel, "ModelReady", new ModelReadyRequest { Name = "cross_entropy" });
        await GrpcCall.CallAsync(keyed.Channel, "ModelMetadata", new ModelMetadataRequest { Name = "cross_entropy" });
        await new Health.HealthClient(keyed.Channel).CheckAsync(new(), cancellationToken: TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Document_SaysWhatNeedsAKey_OnlyWhereOneIsRequired()
    {
        var document = await DocumentAsync(keyed.Whole);
        Assert.Equal(["bearer", "api_key"], document["components"]!["securitySchemes"]!.AsObject().Select(scheme => scheme.Key));
        foreach (var path in document["paths"]!.AsObject())
            foreach (var (method, operation) in path.Value!.AsObject())
            {
                Assert.Equal(method == "post", operation!["security"]?.AsArray().Count == 2);
                Assert.Equal(method == "post", operation["responses"]!["401"] is not null && operation["responses"]!["403"] is not null);
            }
        Assert.Null((await DocumentAsync(open))["components"]!["securitySchemes"]);
    }

    /// <summary>Whatever is logged, at the lowest level.</summary>
    [Fact]
    public async Task Keys_AreNeverLogged()
    {
        using var service = await ServiceProcess.StartAsync(
            [
                $"Auth__Keys__scorer__Sha256={KeyService.HashOf(KeyService.Scorer)}", "Serilog__MinimumLevel__Default=Verbose",
                "Serilog__MinimumLevel__Override__Microsoft.AspNetCore=Verbose",
            ],
            AppContext.BaseDirectory, TestContext.Current.CancellationToken);
        string[] keys = [KeyService.Scorer, "a-wrong-key-0123456789", "aaaa.bbbb-not-a-token.cccc"];
        foreach (var key in keys)
        {
            await service.SendAsync(Post(Score, "X-Api-Key", key), TestContext.Current.CancellationToken);
            await service.SendAsync(Post(Score, "Authorization", $"Bearer {key}"), TestContext.Current.CancellationToken);
        }
        Assert.Contains(service.Lines, line => line.Contains(Score, StringComparison.Ordinal));
        Assert.All(keys, key => Assert.DoesNotContain(service.Lines, line => line.Contains(key, StringComparison.Ordinal)));
    }

    private static async Task<JsonNode> DocumentAsync(TestService service) =>
        JsonNode.Parse((await service.SendAsync(new(HttpMethod.Get, "/swagger/v1/swagger.json"))).Body)!;

    private static HttpRequestMessage Get(string path, string key) => new(HttpMethod.Get, path) { Headers = { { "X-Api-Key", key } } };

    private static HttpRequestMessage Post(string path, string header, string value)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent("{}", null, "application/json") };
        Assert.True(request.Headers.TryAddWithoutValidation(header, value));
        return request;
    }

    /// <summary>A service with three keys.</summary>
    public sealed class KeyService : IDisposable
    {
        public const string Scorer = "scorer-3f9c2b7e5d1a";
        public const string Scraper = "scraper-8b1d4e6f7a2c";
        public const string Both = "both-5e7a9c1b3d2f";

        private readonly TestService _service = new(host => host
            .UseSetting("Auth:Keys:trainer:Sha256", HashOf(Scorer))
            .UseSetting("Auth:Keys:prometheus:Sha256", HashOf(Scraper).ToUpperInvariant())
            .UseSetting("Auth:Keys:prometheus:Scopes", "metrics")
            .UseSetting("Auth:Keys:admin:Sha256", HashOf(Both))
            .UseSetting("Auth:Keys:admin:Scopes", "score metrics"));

        internal TestService Whole => _service;

        internal Grpc.Net.Client.GrpcChannel Channel => _service.Channel;

        internal static string HashOf(string key) => Convert.ToHexStringLower(
            System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(key)));

        internal Task<Answer> SendAsync(HttpRequestMessage request) => _service.SendAsync(request);

        public void Dispose() => _service.Dispose();
    }
}
