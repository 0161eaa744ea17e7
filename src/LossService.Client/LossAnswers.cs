using LossService.Client.Wire;

namespace LossService.Client;

/// <summary>A stream of batches: enumerating sends them, and gives the answers in order. It is enumerated once.</summary>
public sealed class LossAnswers : IAsyncEnumerable<LossAnswer>
{
    private readonly HttpSender _sender;
    private readonly string _path;
    private readonly IAsyncEnumerable<LossBatch> _batches;
    private LossSummary? _summary;
    private int _isTaken;

    internal LossAnswers(HttpSender sender, string path, IAsyncEnumerable<LossBatch> batches) =>
        (_sender, _path, _batches) = (sender, path, batches);

    /// <summary>All batches as one dataset.</summary>
    /// <exception cref="InvalidOperationException">The stream is not enumerated to its end.</exception>
    public LossSummary Summary => _summary ?? throw new InvalidOperationException("the summary comes after the last answer");

    /// <summary>Sends the batches and reads the answers.</summary>
    /// <exception cref="InvalidOperationException">The stream was enumerated before.</exception>
    /// <exception cref="LossProblemException">The service refuses the stream, or ended it early.</exception>
    /// <exception cref="HttpRequestException">There is no answer, or it broke off.</exception>
    public IAsyncEnumerator<LossAnswer> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        Interlocked.Exchange(ref _isTaken, 1) == 0
            ? EnumerateAsync(cancellationToken)
            : throw new InvalidOperationException("a stream is enumerated once, since its batches are sent then");

    private async IAsyncEnumerator<LossAnswer> EnumerateAsync(CancellationToken cancellation)
    {
        // ends the sending of batches where nobody wants further answers
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var lines = new LinesContent(_batches);
        try
        {
            using var response = await lines.OrFailure(_sender.StartAsync(lines.ToRequest(_path), ended.Token)).ConfigureAwait(false);
            var reader = new LinesReader(await response.Content.ReadAsStreamAsync(ended.Token).ConfigureAwait(false), ended.Token);
            await using var _ = reader.ConfigureAwait(false);
            LossProblem? last = null;
            while (await lines.OrFailure(reader.ReadAsync()).ConfigureAwait(false) is { } answer)
            {
                last = answer.Problem;
                yield return answer;
            }
            _summary = reader.Summary ?? throw (last is null
                ? new HttpRequestException(HttpRequestError.ResponseEnded, "the answers of the stream ended without their summary")
                : new LossProblemException(last));
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
        }
    }
}
