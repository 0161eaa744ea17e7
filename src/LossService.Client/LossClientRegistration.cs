using System.Net;
using LossService.Client.Wire;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Polly;

namespace LossService.Client;

/// <summary>Registers the client.</summary>
public static class LossClientRegistration
{
    private const int Retries = 4;

    /// <summary>Adds <see cref="LossClient"/>, made by <see cref="IHttpClientFactory"/>.</summary>
    /// <param name="services">Where it is added.</param>
    /// <param name="address">Where the service listens, with its path prefix if it has one.</param>
    /// <returns>The builder of the <see cref="HttpClient"/>, for headers, credentials, handlers and timeouts.</returns>
    /// <remarks>
    /// A request is sent again, up to four times, when the service answers 429 or 503, after the time of <c>Retry-After</c>, and when the
    /// connection fails: scoring changes nothing, so a batch may be scored twice. Other problems are not cured by sending again. A stream
    /// is never sent again, since its batches are gone.
    /// </remarks>
    public static IHttpClientBuilder AddLossClient(this IServiceCollection services, Uri address)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(address);
        var builder = services.AddHttpClient<LossClient>(http => http.BaseAddress = address);
        builder.AddResilienceHandler(nameof(LossClient), pipeline => pipeline.AddRetry(new HttpRetryStrategyOptions
        {
            MaxRetryAttempts = Retries,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = TimeSpan.FromMilliseconds(200),
            ShouldRetryAfterHeader = true,
            ShouldHandle = attempt => new(IsWorthARetry(attempt.Outcome) && HttpSender.MaySendAgain(attempt.Context.GetRequestMessage())),
        }));
        return builder;
    }

    private static bool IsWorthARetry(Outcome<HttpResponseMessage> outcome) =>
        outcome.Result?.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable
        || outcome.Exception is HttpRequestException;
}
