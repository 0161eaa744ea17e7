using System.Net.Mime;
using System.Text;
using System.Text.Json.Nodes;
using LossService.Telemetry;

namespace LossService.OpenApi;

/// <summary>
/// Sends requests to the service's own endpoints, without a network, so that every example in the document is a response that the
/// service gave, and none is written by hand.
/// </summary>
internal sealed class Rehearsal(EndpointDataSource endpoints, IServiceProvider services)
{
    /// <summary>Sends one request.</summary>
    /// <param name="method">GET or POST.</param>
    /// <param name="route">The template of the route, such as <c>/v1/losses/{loss}</c>.</param>
    /// <param name="prepare">Sets the body, headers and route values.</param>
    /// <returns>The body of the response.</returns>
    /// <exception cref="InvalidOperationException">There is no such route.</exception>
    public async Task<JsonNode> AnswerAsync(string method, string route, Action<HttpRequest>? prepare = null)
    {
        var endpoint = endpoints.Endpoints.OfType<RouteEndpoint>().FirstOrDefault(candidate =>
                candidate.RoutePattern.RawText?.TrimEnd('/') == route
                && candidate.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains(method) == true)
            ?? throw new InvalidOperationException($"No endpoint answers {method} {route}.");

        await using var scope = services.CreateAsyncScope();
        using var body = new MemoryStream();
        var context = new DefaultHttpContext { RequestServices = scope.ServiceProvider };
        context.Request.Method = method;
        context.Request.Path = route;
        context.Response.Body = body;
        prepare?.Invoke(context.Request);
        using var own = OwnRequests.Begin();
        await endpoint.RequestDelegate!(context);
        await context.Response.CompleteAsync();
        return JsonNode.Parse(body.ToArray())!;
    }

    /// <summary>Gives a request a JSON body.</summary>
    public static void Post(HttpRequest request, string json)
    {
        request.ContentType = MediaTypeNames.Application.Json;
        request.Body = new MemoryStream(Encoding.UTF8.GetBytes(json));
    }
}
