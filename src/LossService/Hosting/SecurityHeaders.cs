using System.Net.Mime;
using LossService.Http;

namespace LossService.Hosting;

/// <summary>What browsers are told of every response.</summary>
internal static class SecurityHeaders
{
    private static readonly string Policy = PagePolicy.Of();

    /// <summary>Adds <c>X-Content-Type-Options: nosniff</c>, and to HTML without a policy of its own the strictest one.</summary>
    public static void UseSecurityHeaders(this WebApplication app)
    {
        // when the response starts, since a failed one is cleared before the problem is written
        Func<object, Task> add = state =>
        {
            var response = (HttpResponse)state;
            response.Headers.XContentTypeOptions = "nosniff";
            if (response.Headers.ContentSecurityPolicy.Count == 0
                && response.ContentType?.StartsWith(MediaTypeNames.Text.Html, StringComparison.OrdinalIgnoreCase) == true)
                response.Headers.ContentSecurityPolicy = Policy;
            return Task.CompletedTask;
        };
        app.Use((context, next) =>
        {
            context.Response.OnStarting(add, context.Response);
            return next(context);
        });
    }
}
