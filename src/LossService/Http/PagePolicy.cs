using System.Security.Cryptography;
using System.Text;

namespace LossService.Http;

/// <summary>The Content-Security-Policy of an HTML page: only its own scripts run, and no other page can show it in a frame.</summary>
public static class PagePolicy
{
    /// <summary>The policy of a page.</summary>
    /// <param name="scripts">The contents of its <c>script</c> elements, exactly as they stand there.</param>
    public static string Of(params IEnumerable<string> scripts)
    {
        // styles may stand in elements, as Swagger UI's do: they run nothing
        var own = string.Concat(scripts.Select(text => $" 'sha256-{Hash(text)}'"));
        return $"default-src 'self'; script-src 'self'{own}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; "
            + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    }

    private static string Hash(string text) => Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
