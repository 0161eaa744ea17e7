using System.Security.Claims;

namespace LossService.Hosting.Access;

/// <summary>What a key or token is good for.</summary>
internal static class Scopes
{
    /// <summary>Scoring batches, and all else that is not open.</summary>
    public const string Score = "score";

    /// <summary>Reading the metrics.</summary>
    public const string Metrics = "metrics";

    /// <summary>The claim of a key's scopes, and the standard one of a token's (RFC 9068).</summary>
    public const string Claim = "scope";

    private const string MetricsPath = "/metrics";

    /// <summary>All scopes.</summary>
    public static readonly string[] All = [Score, Metrics];

    /// <summary>The claims of tokens that hold scopes: the standard one, and those of Microsoft Entra for users and for services.</summary>
    private static readonly string[] Claims = [Claim, "scp", "roles"];

    /// <summary>The scope that a request needs.</summary>
    public static string FindRequired(HttpRequest request) => request.Path.StartsWithSegments(MetricsPath) ? Metrics : Score;

    /// <summary>Whether a caller has the scope.</summary>
    public static bool Has(this ClaimsPrincipal caller, string scope) =>
        caller.Claims.Any(claim => Claims.Contains(claim.Type) && Split(claim.Value).Contains(scope));

    /// <summary>The scopes of a list that is written with spaces.</summary>
    public static string[] Split(string list) => list.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
