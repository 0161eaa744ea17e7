using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.Tokens;

namespace LossService.Tests.Hosting.Access;

/// <summary>
/// The two pages of an identity provider that a service reads (OpenID Connect Discovery): where its keys are, and the keys.
/// </summary>
internal sealed class IdentityProvider : IAsyncDisposable
{
    /// <summary>The name of its key.</summary>
    public const string KeyId = "key-1";

    private readonly WebApplication _app;

    private IdentityProvider(WebApplication app) => _app = app;

    /// <summary>Its address, which is also its name as an issuer.</summary>
    public string Address => _app.Urls.Single();

    /// <summary>Starts one on a free port.</summary>
    public static async Task<IdentityProvider> StartAsync(RSA key)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = Path.GetTempPath() });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var provider = new IdentityProvider(builder.Build());
        var shown = key.ExportParameters(includePrivateParameters: false);
        provider._app.MapGet("/.well-known/openid-configuration", () =>
            Results.Json(new { issuer = provider.Address, jwks_uri = $"{provider.Address}/keys" }));
        provider._app.MapGet("/keys", () => Results.Json(new
        {
            keys = new[]
            {
                new
                {
                    kty = "RSA", use = "sig", alg = "RS256", kid = KeyId,
                    n = Base64UrlEncoder.Encode(shown.Modulus), e = Base64UrlEncoder.Encode(shown.Exponent),
                },
            },
        }));
        await provider._app.StartAsync(TestContext.Current.CancellationToken);
        return provider;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
