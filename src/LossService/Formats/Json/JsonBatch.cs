using System.IO.Pipelines;
using LossService.Core.Losses;
using LossService.Core.Outputs;
using LossService.Http;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.Json;

/// <summary>
/// One JSON text on its way through, be it a whole body or a line of a stream: read, scored, written, or the problem on that way.
/// </summary>
internal sealed class JsonBatch(Loss loss) : IDisposable
{
    private readonly ScoreRequest _request = new(loss);
    private Scores? _scores;

    /// <summary>Why there are no scores; null where there are.</summary>
    public Problem? Problem { get; private set; }

    /// <summary>What the batch adds up to, once scored.</summary>
    public Totals Totals => _scores!.Totals;

    /// <summary>Reads the text, which is not needed any more afterwards.</summary>
    public void Read(RequestBody text) => Problem = JsonRequestReader.Read(text, _request);

    /// <summary>Validates and scores what was read.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void Score(Scoring scoring, Limits limits, CancellationToken cancellation)
    {
        if (Problem is not null) return;
        _scores = scoring.Score(_request, cancellation);
        if (_scores is null) Problem = JsonAddress.ToProblem(_request, limits);
    }

    /// <summary>Writes the scores.</summary>
    /// <param name="pipe">Where to; flushed as it fills.</param>
    /// <param name="line">The line of the stream that they answer; null outside a stream.</param>
    /// <param name="cancellation">The client went away.</param>
    public ValueTask WriteAsync(PipeWriter pipe, long? line, CancellationToken cancellation) =>
        new JsonScoresWriter(pipe, cancellation).WriteAsync(_scores!, _request, line);

    /// <inheritdoc/>
    public void Dispose()
    {
        _request.Dispose();
        _scores?.Dispose();
    }
}
