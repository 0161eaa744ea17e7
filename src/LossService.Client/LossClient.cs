using LossService.Client.Wire;

namespace LossService.Client;

/// <summary>Scores batches by a running LossService. Thread-safe, as the <see cref="HttpClient"/> is that it sends by.</summary>
/// <remarks>
/// A batch is one request of the Open Inference Protocol with binary tensors, which are sent from the caller's memory and received into
/// arrays of the results, without a copy. A refusal of the service is a <see cref="LossProblemException"/>.
/// </remarks>
public sealed class LossClient
{
    private readonly HttpSender _sender;

    /// <summary>A client that sends by <paramref name="http"/>, whose <see cref="HttpClient.BaseAddress"/> is the service.</summary>
    public LossClient(HttpClient http)
    {
        ArgumentNullException.ThrowIfNull(http);
        _sender = new(http);
    }

    /// <summary>Scores a batch.</summary>
    /// <param name="loss">The name of a loss, such as <see cref="LossNames.CrossEntropy"/>.</param>
    /// <param name="batch">The batch. Neither it nor the memory of its tensors may change before the task is complete.</param>
    /// <param name="cancellation">Ends the request.</param>
    /// <exception cref="LossProblemException">The service refuses the batch, or cannot score it now.</exception>
    /// <exception cref="HttpRequestException">There is no answer, or not one of the service's.</exception>
    /// <exception cref="OperationCanceledException">
    /// The token was cancelled, or the time of <see cref="HttpClient.Timeout"/> is over; then with a <see cref="TimeoutException"/> inside.
    /// </exception>
    public Task<LossScores> ScoreAsync(string loss, LossBatch batch, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(loss);
        ArgumentNullException.ThrowIfNull(batch);
        var content = new InferContent(batch);
        return _sender.SendAsync(
            content.ToRequest($"v2/models/{Uri.EscapeDataString(loss)}/infer"),
            (response, token) => InferReader.ReadAsync(response, batch.Options.TopK, token),
            cancellation);
    }

    /// <summary>Scores a batch by several losses in one request, which is read and checked once.</summary>
    /// <param name="losses">The losses by the names of their entries, such as <see cref="LossNames.CrossEntropy"/>.</param>
    /// <param name="batch">The batch. Its options are those that all losses share: reduction, mean_over, divisor and dtype.</param>
    /// <param name="combined">Whether to get Σ weight·loss with its gradient, too.</param>
    /// <param name="cancellation">Ends the request.</param>
    /// <inheritdoc cref="ScoreAsync(string, LossBatch, CancellationToken)" path="/exception"/>
    public Task<LossScoreSet> ScoreAsync(
        IReadOnlyDictionary<string, LossEntry> losses, LossBatch batch, bool combined = false, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(losses);
        ArgumentNullException.ThrowIfNull(batch);
        return _sender.SendAsync(SeveralLosses.Write(losses, batch, combined), SeveralLosses.ReadAsync, cancellation);
    }

    /// <summary>Scores a stream of batches in one request, in constant memory, and sums them up as one dataset.</summary>
    /// <param name="loss">The name of a loss.</param>
    /// <param name="batches">The batches. Each is written before the next one is asked for.</param>
    /// <returns>The stream, which is sent when it is enumerated.</returns>
    /// <remarks>
    /// Over HTTP/2 each answer comes as soon as its batch is scored. Over HTTP/1.1 .NET sends all batches before it reads the first answer,
    /// and the service holds the answers for it as far as its settings allow.
    /// </remarks>
    public LossAnswers StreamAsync(string loss, IAsyncEnumerable<LossBatch> batches)
    {
        ArgumentException.ThrowIfNullOrEmpty(loss);
        ArgumentNullException.ThrowIfNull(batches);
        return new(_sender, $"v1/losses/{Uri.EscapeDataString(loss)}", batches);
    }

    /// <summary>Whether the process of the service runs.</summary>
    /// <exception cref="HttpRequestException">There is no answer.</exception>
    public Task<bool> IsLiveAsync(CancellationToken cancellation = default) => _sender.IsHealthyAsync("livez", cancellation);

    /// <summary>Whether the service takes requests.</summary>
    /// <exception cref="HttpRequestException">There is no answer.</exception>
    public Task<bool> IsReadyAsync(CancellationToken cancellation = default) => _sender.IsHealthyAsync("readyz", cancellation);
}
