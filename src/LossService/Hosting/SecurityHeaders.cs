using System.Net.Mime;

namespace LossService.Hosting;

/// <summary>What browsers are told of every response.</summary>
internal static class SecurityHeaders
{
    /// <summary>
    /// Only the service's own files run, and no other page can show one of its pages in a frame. Styles may stand in elements, as
    /// Swagger UI's do: they run nothing.
    /// </summary>
    private const string PagePolicy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        + "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    /// <summary>Adds <c>X-Content-Type-Options: nosniff</c>, and to HTML the Content-Security-Policy.</summary>
    public static void UseSecurityHeaders(this WebApplication app)
    {
        // when the response starts, since a failed one is cleared before the problem is written
        Func<object, Task> add = state =>
        {
            var response = (HttpResponse)state;
            response.Headers.XContentTypeOptions = "nosniff";
            if (response.ContentType?.StartsWith(MediaTypeNames.Text.Html, StringComparison.OrdinalIgnoreCase) == true)
                response.Headers.ContentSecurityPolicy = PagePolicy;
            return Task.CompletedTask;
        };
        app.Use((context, next) =>
        {
            context.Response.OnStarting(add, context.Response);
            return next(context);
        });
    }
}
