using LossService.Problems;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.IdentityModel.Tokens;

namespace LossService.Hosting.Access;

/// <summary>
/// Answers who may not pass: 401 or 403 over HTTP, UNAUTHENTICATED or PERMISSION_DENIED over gRPC, with the header of RFC 6750.
/// </summary>
internal sealed class AccessRefusal : IAuthorizationMiddlewareResultHandler
{
    private const string Realm = "Bearer realm=\"LossService\"";

    /// <inheritdoc/>
    public async Task HandleAsync(
        RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (authorizeResult.Succeeded)
        {
            await next(context);
            return;
        }
        var scope = Scopes.FindRequired(context.Request);
        if (authorizeResult.Forbidden)
        {
            context.Response.Headers.WWWAuthenticate = $"{Realm}, error=\"insufficient_scope\", scope=\"{scope}\"";
            await context.RefuseAsync(ProblemTypes.Forbidden($"The key or token lacks the scope \"{scope}\"."));
            return;
        }
        // the handler has the result already
        var failure = (await context.AuthenticateAsync()).Failure;
        if (failure is ProviderUnreachableException)
        {
            await context.RefuseAsync(ProblemTypes.Unavailable());
            return;
        }
        context.Response.Headers.WWWAuthenticate = failure is null ? Realm : $"{Realm}, error=\"invalid_token\"";
        await context.RefuseAsync(ProblemTypes.Unauthorized(failure is null
            ? $"This needs a key or token with the scope \"{scope}\": \"Authorization: Bearer …\", for a key also \"X-Api-Key: …\"."
            : Describe(failure)));
    }

    /// <summary>No more than the holder of the token needs to mend it.</summary>
    private static string Describe(Exception failure) => failure switch
    {
        AuthenticationFailureException => failure.Message,
        SecurityTokenExpiredException => "The token has expired.",
        SecurityTokenNotYetValidException => "The token is not valid yet.",
        SecurityTokenInvalidAudienceException => "The token is for another audience.",
        SecurityTokenInvalidIssuerException => "The token is of another issuer.",
        _ => "The token is not valid.",
    };
}
