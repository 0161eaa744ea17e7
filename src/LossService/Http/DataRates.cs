using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace LossService.Http;

/// <summary>
/// The rates at which a long body must arrive, and a long response be taken: in proportion to their length, since they hold memory until
/// then. HTTP/2 has no such rates for one request.
/// </summary>
internal static class DataRates
{
    /// <summary>Demands that a body arrive in time, where that takes more than the usual rate.</summary>
    /// <returns>The bytes a second at which it must arrive.</returns>
    public static long DemandBody(HttpRequest request, long length, Limits limits)
    {
        var rate = length / limits.BodySeconds;
        if (rate <= limits.BytesPerSecond || !HttpProtocol.IsHttp11(request.Protocol)) return limits.BytesPerSecond;
        if (request.HttpContext.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } feature) feature.MinDataRate = Rate(rate, limits);
        return rate;
    }

    /// <summary>Demands that a response be taken in time, where that takes more than the usual rate.</summary>
    /// <param name="response">The response, not yet started.</param>
    /// <param name="bytes">The bytes of its tensors; their text is longer.</param>
    /// <param name="limits">The limits in force.</param>
    public static void DemandResponse(HttpResponse response, long bytes, Limits limits)
    {
        var rate = bytes / limits.ResponseSeconds;
        if (rate <= limits.BytesPerSecond || !HttpProtocol.IsHttp11(response.HttpContext.Request.Protocol)) return;
        if (response.HttpContext.Features.Get<IHttpMinResponseDataRateFeature>() is { } feature) feature.MinDataRate = Rate(rate, limits);
    }

    /// <summary>Lets a client pause between the batches of a stream, which have a rate of their own.</summary>
    public static void LetPause(HttpRequest request)
    {
        if (HttpProtocol.IsHttp11(request.Protocol)
            && request.HttpContext.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } feature) feature.MinDataRate = null;
    }

    private static MinDataRate Rate(long bytesPerSecond, Limits limits) =>
        new(bytesPerSecond, TimeSpan.FromSeconds(limits.GraceSeconds));
}
