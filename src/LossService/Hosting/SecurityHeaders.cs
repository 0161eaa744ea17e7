using System.Net.Mime;

namespace LossService.Hosting;

/// <summary>What browsers are told of every response.</summary>
internal static class SecurityHeaders
{
    /// <summary>Only the service's own files are used, and no other page can show one of its pages in a frame.</summary>
    private const string PagePolicy = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    /// <summary>Swagger UI has styles in elements, which run nothing, and pictures in its style sheet.</summary>
    private const string SwaggerPolicy = $"{PagePolicy}; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";

    /// <summary>Adds <c>X-Content-Type-Options: nosniff</c>, and to HTML the Content-Security-Policy.</summary>
    public static void UseSecurityHeaders(this WebApplication app)
    {
        // when the response starts, since a failed one is cleared before the problem is written
        Func<object, Task> add = state =>
        {
            var response = (HttpResponse)state;
            response.Headers.XContentTypeOptions = "nosniff";
            if (response.ContentType?.StartsWith(MediaTypeNames.Text.Html, StringComparison.OrdinalIgnoreCase) == true)
            {
                response.Headers.ContentSecurityPolicy =
                    response.HttpContext.Request.Path.StartsWithSegments("/swagger") ? SwaggerPolicy : PagePolicy;
            }
            return Task.CompletedTask;
        };
        app.Use((context, next) =>
        {
            context.Response.OnStarting(add, context.Response);
            return next(context);
        });
    }
}
