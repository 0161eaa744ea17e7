using System.Net;

namespace LossService.Client.Wire;

/// <summary>Sends requests by the user's <see cref="HttpClient"/>, as its own methods would: with its version, and in its time.</summary>
internal sealed class HttpSender(HttpClient http)
{
    private static readonly HttpRequestOptionsKey<bool> Once = new("LossService.Client.Once");

    /// <summary>Whether a request may be sent a second time.</summary>
    public static bool MaySendAgain(HttpRequestMessage? request) => request?.Options.TryGetValue(Once, out _) != true;

    /// <summary>Sends a request, and reads its answer in the time of <see cref="HttpClient.Timeout"/>.</summary>
    /// <exception cref="LossProblemException">The status is not of success.</exception>
    public async Task<T> SendAsync<T>(
        HttpRequestMessage request, Func<HttpResponseMessage, CancellationToken, ValueTask<T>> read, CancellationToken cancellation)
    {
        // HttpClient itself measures the time until the headers only
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (http.Timeout != Timeout.InfiniteTimeSpan) time.CancelAfter(http.Timeout);
        try
        {
            using var response = await SendAsync(request, time.Token).ConfigureAwait(false);
            await ThrowIfRefusedAsync(response, time.Token).ConfigureAwait(false);
            return await read(response, time.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException late) when (time.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new TaskCanceledException(
                $"the answer did not come within {nameof(HttpClient)}.{nameof(HttpClient.Timeout)}, {http.Timeout}",
                new TimeoutException(late.Message, late));
        }
    }

    /// <summary>Sends a request that cannot be sent twice.</summary>
    /// <returns>The answer, once it has begun.</returns>
    /// <exception cref="LossProblemException">The status is not of success.</exception>
    public async Task<HttpResponseMessage> StartAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        var response = await SendOnceAsync(request, cancellation).ConfigureAwait(false);
        try
        {
            await ThrowIfRefusedAsync(response, cancellation).ConfigureAwait(false);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>Whether a health check answers 200.</summary>
    public async Task<bool> IsHealthyAsync(string path, CancellationToken cancellation)
    {
        // asked now: the answer in some seconds would be another one
        using var response = await SendOnceAsync(new(HttpMethod.Get, path), cancellation).ConfigureAwait(false);
        return response.StatusCode == HttpStatusCode.OK;
    }

    private Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        request.Options.Set(Once, true);
        return SendAsync(request, cancellation);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using (request)
        {
            request.RequestUri = Resolve(request.RequestUri!);
            (request.Version, request.VersionPolicy) = (http.DefaultRequestVersion, http.DefaultVersionPolicy);
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Appends a path to the address of the service, whose prefix need not end in a slash.</summary>
    private Uri Resolve(Uri path) => http.BaseAddress is { } address && !address.AbsolutePath.EndsWith('/')
        ? new(new UriBuilder(address) { Path = address.AbsolutePath + "/" }.Uri, path) : path;

    private static async Task ThrowIfRefusedAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (!response.IsSuccessStatusCode)
            throw new LossProblemException(await ProblemReader.ReadAsync(response, cancellation).ConfigureAwait(false));
    }
}
