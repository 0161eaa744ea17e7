using System.Net;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Tests.Client;

/// <summary>Stands between client and service, counts requests, and answers some itself.</summary>
internal sealed class Interposed(Func<int, HttpRequestMessage, HttpResponseMessage?> answer) : DelegatingHandler
{
    private int _requests;

    /// <summary>How many requests there were.</summary>
    public int Requests => _requests;

    /// <summary>Where the last request went.</summary>
    public Uri? Address { get; private set; }

    /// <summary>Puts this behind the client's retries.</summary>
    public void AddTo(IHttpClientBuilder builder) => builder.AddHttpMessageHandler(() => this);

    /// <summary>An answer of another server.</summary>
    public static HttpResponseMessage Answer(HttpStatusCode status, string text = "", int? retryAfter = null)
    {
        var response = new HttpResponseMessage(status) { Content = new StringContent(text) };
        if (retryAfter is { } seconds) response.Headers.RetryAfter = new(TimeSpan.FromSeconds(seconds));
        return response;
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Address = request.RequestUri;
        return answer(Interlocked.Increment(ref _requests), request) is { } own
            ? Task.FromResult(own) : base.SendAsync(request, cancellationToken);
    }
}
