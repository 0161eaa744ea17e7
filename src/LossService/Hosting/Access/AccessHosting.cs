using LossService.Hosting.Settings;
using LossService.OpenApi;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace LossService.Hosting.Access;

/// <summary>
/// Keys and tokens, where the settings have any. Everything needs one but what says <c>AllowAnonymous</c>: health, the catalogue and
/// its documentation, which are the same for every instance of the service.
/// </summary>
internal static partial class AccessHosting
{
    /// <summary>The scheme that chooses between keys and tokens by the form of what was sent.</summary>
    private const string Either = "KeyOrToken";

    /// <summary>Registers the framework's authentication and authorization; nothing where the service is open.</summary>
    public static void AddAccess(this WebApplicationBuilder builder, AuthSettings settings)
    {
        if (!settings.IsOn) return;
        var schemes = builder.Services.AddAuthentication(Either);
        schemes.AddPolicyScheme(Either, null, either => either.ForwardDefaultSelector = context => FindScheme(context.Request, settings));
        if (settings.Keys.Count > 0)
        {
            builder.Services.AddSingleton(new ApiKeys(settings));
            schemes.AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKeys.Scheme, null);
        }
        if (settings.Jwt.IsOn) AddTokens(schemes, settings.Jwt);
        builder.Services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAssertion(access =>
            access.Resource is HttpContext context && access.User.Has(Scopes.FindRequired(context.Request))).Build());
        builder.Services.Replace(ServiceDescriptor.Singleton<IAuthorizationMiddlewareResultHandler, AccessRefusal>());
        builder.Services.ConfigureSwaggerGen(document => document.DocumentFilter<AccessDocument>());
    }

    /// <summary>Asks for a key or token, after the documentation and before the endpoints.</summary>
    public static void UseAccess(this WebApplication app, ServiceSettings settings)
    {
        if (settings.Auth.IsOn)
        {
            app.UseAuthentication();
            if (settings.Auth.Jwt.IsOn) app.UseThreadPool();
            app.UseAuthorization();
        }
        else if (settings.Auth.Required is null && !settings.Kestrel.IsLoopback)
        {
            app.Lifetime.ApplicationStarted.Register(() => WarnOfOpenDoor(app.Logger));
        }
    }

    /// <summary>A JSON Web Token has two dots; a key has none.</summary>
    private static string FindScheme(HttpRequest request, AuthSettings settings)
    {
        if (!settings.Jwt.IsOn) return ApiKeys.Scheme;
        if (settings.Keys.Count == 0) return JwtBearerDefaults.AuthenticationScheme;
        var isToken = !request.Headers.ContainsKey(ApiKeyHandler.Header)
            && ApiKeyHandler.FindBearer(request)?.Count(character => character == '.') == 2;
        return isToken ? JwtBearerDefaults.AuthenticationScheme : ApiKeys.Scheme;
    }

    private static void AddTokens(AuthenticationBuilder schemes, JwtSettings settings) => schemes.AddJwtBearer(tokens =>
    {
        tokens.Authority = settings.Authority;
        tokens.Audience = settings.Audience;
        tokens.RequireHttpsMetadata = !settings.IsLoopback;
        // claims keep the names that they have in the token
        tokens.MapInboundClaims = false;
        var unreachable = new LineRate(1, static _ => { });
        tokens.Events = new()
        {
            OnAuthenticationFailed = async failed =>
            {
                try
                {
                    await failed.Options.ConfigurationManager!.GetConfigurationAsync(failed.HttpContext.RequestAborted);
                }
                catch (InvalidOperationException provider)
                {
                    failed.Fail(new ProviderUnreachableException(provider));
                    if (!unreachable.Admits()) return;
                    var logs = failed.HttpContext.RequestServices.GetRequiredService<ILoggerFactory>();
                    LogUnreachable(logs.CreateLogger(typeof(AccessHosting)), settings.Authority!, provider.InnerException?.Message);
                }
            },
        };
    });

    [LoggerMessage(LogLevel.Error, "No token can be checked: the keys of the identity provider {Authority} cannot be read: {Reason}")]
    private static partial void LogUnreachable(ILogger log, string authority, string? reason);

    [LoggerMessage(LogLevel.Warning, "Other machines can reach the service, and no key or token is required. Set "
        + "Auth__Keys__<name>__Sha256 or Auth__Jwt__Authority to require one, or Auth__Required=false if this is on purpose.")]
    private static partial void WarnOfOpenDoor(ILogger log);
}
