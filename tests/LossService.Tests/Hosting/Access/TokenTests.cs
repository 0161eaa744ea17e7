using System.Security.Cryptography;
using Grpc.Core;
using LossService.Tests.Support;
using Microsoft.AspNetCore.TestHost;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Serilog.Events;

namespace LossService.Tests.Hosting.Access;

/// <summary>Tokens of an identity provider: the service reads the provider's keys, and takes what they signed for it.</summary>
public sealed class TokenTests : IAsyncLifetime
{
    private const string Audience = "loss-service";
    private const string Key = "a-key-beside-tokens";
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly RSA _rsa = RSA.Create(2048);
    private readonly RSA _other = RSA.Create(2048);
    private IdentityProvider _provider = null!;
    private TestService _service = null!;

    public async ValueTask InitializeAsync()
    {
        _provider = await IdentityProvider.StartAsync(_rsa);
        _service = new(host => host
            .UseSetting("Auth:Jwt:Authority", _provider.Address)
            .UseSetting("Auth:Jwt:Audience", Audience)
            .UseSetting("Auth:Keys:trainer:Sha256", AccessTests.KeyService.HashOf(Key)));
    }

    [Theory]
    [InlineData("scope", "score")]
    [InlineData("scope", "openid score")]
    [InlineData("scp", "score")]
    [InlineData("roles", "score")]
    public async Task Token_WithTheScope_Scores(string claim, string value)
    {
        var token = Write(claim, value);
        Assert.Equal(422, await PostAsync(token));
        Assert.NotEmpty(await GrpcCall.InferAsync(_service.Channel, ("authorization", $"Bearer {token}")));
    }

    [Theory]
    [InlineData("scope", "metrics")]
    [InlineData("scope", "scores")]
    [InlineData("name", "score")]
    public async Task Token_WithoutTheScope_IsForbidden(string claim, string value)
    {
        var token = Write(claim, value);
        Assert.Equal(403, await PostAsync(token));
        var refused = await Assert.ThrowsAsync<RpcException>(() =>
            GrpcCall.InferAsync(_service.Channel, ("authorization", $"Bearer {token}")));
        Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
    }

    [Fact]
    public async Task Token_Wrong_IsUnauthorizedWithTheReason()
    {
        var hmac = new SigningCredentials(
            new SymmetricSecurityKey(_rsa.ExportSubjectPublicKeyInfo()), SecurityAlgorithms.HmacSha256);
        (string Token, string Words)[] cases =
        [
            (Write("scope", "score", lifetime: -Hour), "has expired"),
            (Write("scope", "score", audience: "another"), "another audience"),
            (Write("scope", "score", issuer: "https://evil.example"), "another issuer"),
            (Write("scope", "score", credentials: Sign(_other)), "not valid"),
            (Write("scope", "score", credentials: hmac), "not valid"),
            (Unsigned(Write("scope", "score")), "not valid"),
            ("a.b.c", "not valid"),
            ("no-token", "not known"),
        ];
        foreach (var (token, words) in cases)
        {
            var answer = await SendAsync(token);
            Assert.Contains(words, answer.IsProblem(401, "unauthorized").GetProperty("detail").GetString(), StringComparison.Ordinal);
            Assert.Contains("error=\"invalid_token\"", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
        }
    }

    /// <summary>The token is as good as before; nobody can say so. A key still is.</summary>
    [Fact]
    public async Task Token_WhoseProviderIsAway_IsNotRefusedForGood()
    {
        var log = new LogLines();
        using var service = new TestService(host => host
            .UseSetting("Auth:Jwt:Authority", "http://127.0.0.1:1")
            .UseSetting("Auth:Jwt:Audience", Audience)
            .UseSetting("Auth:Keys:trainer:Sha256", AccessTests.KeyService.HashOf(Key))
            .ConfigureTestServices(log.Replace));
        var token = Write("scope", "score", issuer: "http://127.0.0.1:1");
        for (var i = 0; i < 3; i++)
        {
            var answer = await SendAsync(token, service);
            answer.IsProblem(503, "unavailable");
            Assert.Contains("Auth:Jwt:Authority", answer.Text, StringComparison.Ordinal);
            Assert.Equal("10", answer.Header("Retry-After"));
        }
        var refused = await Assert.ThrowsAsync<RpcException>(() =>
            GrpcCall.InferAsync(service.Channel, ("authorization", $"Bearer {token}")));
        Assert.Equal(StatusCode.Unavailable, refused.StatusCode);
        Assert.Equal(422, (await SendAsync(Key, service)).Status);
        Assert.Contains(log.All, line => line.Level == LogEventLevel.Error
            && line.RenderMessage().Contains("http://127.0.0.1:1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Key_BesideTokens_Scores() => Assert.Equal(422, await PostAsync(Key));

    public async ValueTask DisposeAsync()
    {
        _service.Dispose();
        await _provider.DisposeAsync();
        _rsa.Dispose();
        _other.Dispose();
    }

    private async Task<int> PostAsync(string token) => (await SendAsync(token)).Status;

    private Task<Answer> SendAsync(string token, TestService? service = null) =>
        (service ?? _service).SendAsync(new(HttpMethod.Post, "/v1/losses/cross_entropy")
        {
            Content = new StringContent("{}", null, "application/json"),
            Headers = { Authorization = new("Bearer", token) },
        });

    private static SigningCredentials Sign(RSA key) =>
        new(new RsaSecurityKey(key) { KeyId = IdentityProvider.KeyId }, SecurityAlgorithms.RsaSha256);

    private string Write(
        string claim, string value, TimeSpan? lifetime = null, string? audience = null, string? issuer = null,
        SigningCredentials? credentials = null)
    {
        var now = DateTime.UtcNow;
        var life = lifetime ?? Hour;
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer ?? _provider.Address,
            Audience = audience ?? Audience,
            NotBefore = now - Hour - Hour,
            IssuedAt = now - Hour - Hour,
            Expires = now + life,
            Claims = new Dictionary<string, object> { [claim] = value },
            SigningCredentials = credentials ?? Sign(_rsa),
        });
    }

    /// <summary>A token with the algorithm none, and no signature.</summary>
    private static string Unsigned(string token) => $"{Base64UrlEncoder.Encode("""{"alg":"none","typ":"JWT"}""")}.{token.Split('.')[1]}.";
}
