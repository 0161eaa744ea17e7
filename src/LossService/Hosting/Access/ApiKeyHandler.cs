using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace LossService.Hosting.Access;

/// <summary>Authenticates by a key, in <c>X-Api-Key</c> or as a bearer token.</summary>
internal sealed class ApiKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logs, UrlEncoder encoder, ApiKeys keys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
{
    /// <summary>The header.</summary>
    public const string Header = "X-Api-Key";

    private const string Bearer = "Bearer ";

    /// <summary>The bearer token of a request; null where it has none.</summary>
    public static string? FindBearer(HttpRequest request) =>
        request.Headers.Authorization.ToString() is { } value && value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? value[Bearer.Length..].Trim() : null;

    /// <inheritdoc/>
    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
        (Request.Headers.TryGetValue(Header, out var key) ? key.ToString() : FindBearer(Request)) is not { } posted
            ? AuthenticateResult.NoResult()
            : keys.Find(posted) is { } caller ? AuthenticateResult.Success(new(caller, ApiKeys.Scheme))
            : AuthenticateResult.Fail("The key is not known."));
}
