using System.Buffers;
using System.Text.Json;
using LossService.Core.Losses;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Formats.Json;
using LossService.Http;
using LossService.Problems;
using LossService.Requests;
using LossService.Telemetry;

namespace LossService.Formats.Ndjson;

/// <summary>
/// Scores the lines of a stream, and writes the responses in their order. A line that needs a permit goes ahead: it is scored on another
/// thread while the next one is read, and, where a permit is free, while that one is scored and the one after it is read, too. So a stream
/// has three lines at most.
/// </summary>
/// <remarks>
/// A client gets the same bytes as if lines were scored one by one. A line goes ahead only where much memory is free. If memory is too
/// short all the same, the line is scored again alone, and so is every line after it. Its phases are recorded with its response. One loss
/// takes less than fifty times the bytes of its line, so it fits beside the stream's other lines; only several losses of one line, if they
/// take more than 63 of 64 parts of the memory, may lack what these hold.
/// </remarks>
/// <param name="loss">The loss; null = each line names several.</param>
/// <param name="scoring">Scores a line.</param>
/// <param name="body">The response.</param>
/// <param name="timing">Counts the lines.</param>
/// <param name="aborted">The client went away.</param>
internal sealed class NdjsonAnswers(
    Loss? loss, BatchScoring scoring, HeldResponse body, ServerTiming timing, CancellationToken aborted) : IAsyncDisposable
{
    /// <summary>How many bytes are written between two flushes while lines keep coming.</summary>
    private const int FlushAt = 64 * 1024;

    /// <summary>
    /// A line goes ahead where at most a fourth of the memory of all requests is in use, and the line is at most a 128th of that memory.
    /// </summary>
    private const int UsedPart = 4, LinePart = 128;

    /// <summary>How many lines go ahead of the one that is read, at most.</summary>
    public const int MostUnderWay = 2;

    private readonly Queue<NdjsonLine> _underWay = new(MostUnderWay);
    private bool _isOneByOne = Environment.ProcessorCount == 1;

    /// <summary>The result of all lines as one dataset.</summary>
    public NdjsonSummary Summary { get; } = new(loss is null);

    /// <summary>The number of the line whose response is being written; 0 = none is.</summary>
    public long Writing { get; private set; }

    /// <summary>Whether a line goes ahead of the one that is read.</summary>
    public bool IsUnderWay => _underWay.Count > 0;

    private MemoryBudget Memory => scoring.Admission.Memory;

    /// <summary>Answers a line, or lets it go ahead, after those that did before it.</summary>
    /// <returns>Whether it goes ahead: then it must be kept until <see cref="MostUnderWay"/> more did or were answered.</returns>
    /// <exception cref="ResponseStalledException">The client takes nothing of its responses.</exception>
    /// <exception cref="OperationCanceledException">The client went away.</exception>
    public async ValueTask<bool> AddAsync(NdjsonLine line)
    {
        line.Measures.Begin(line.Number);
        if (line.Refused is null) line.Measures.Bytes = line.Text.Span.Length;
        while (_underWay.Count == MostUnderWay) await SettleFirstAsync();
        while (MayGoAhead(line))
        {
            if (!scoring.Admission.TryEnter(aborted, out var turn))
            {
                if (IsUnderWay)
                {
                    await SettleFirstAsync();
                    continue;
                }
                if (!(await EnterAsync(line)).TryGet(out turn, out var problem))
                {
                    await AnswerAsync(line, problem);
                    return false;
                }
            }
            line.Scoring = Task.Run(() => Score(line, turn));
            _underWay.Enqueue(line);
            return true;
        }
        await SettleAsync();
        await AnswerAsync(line, await ScoreAsync(line));
        return false;
    }

    /// <summary>Answers the first line that goes ahead, unless bytes come before it is scored.</summary>
    /// <returns>Whether it was answered.</returns>
    /// <inheritdoc cref="AddAsync" path="/exception"/>
    public async ValueTask<bool> WorkUntilAsync(Task arrival)
    {
        if (!_underWay.TryPeek(out var first)) return false;
        if (first.Scoring is { } scored && await Task.WhenAny(scored, arrival) == arrival) return false;
        await SettleFirstAsync();
        return true;
    }

    /// <summary>Takes memory for bytes of the next line; where there is not much, answers the lines that go ahead first.</summary>
    /// <inheritdoc cref="AddAsync" path="/exception"/>
    public ValueTask MakeRoomAsync(NdjsonLine next, long bytes) => TryReserve(next, bytes) ? default : SettleAsync();

    /// <summary>Answers the lines that go ahead.</summary>
    /// <inheritdoc cref="AddAsync" path="/exception"/>
    public async ValueTask SettleAsync()
    {
        while (IsUnderWay) await SettleFirstAsync();
    }

    private async ValueTask SettleFirstAsync()
    {
        var line = _underWay.Peek();
        var result = line.Scoring is { } ahead ? await ahead : await ScoreAsync(line);
        if (line.Scoring is not null && result.TryGet(out _, out var problem) is false && problem.Shed == ProblemTypes.MemoryShed)
        {
            // perhaps for want of what the stream's other line holds
            _isOneByOne = true;
            line.Scoring = null;
            foreach (var other in _underWay) await other.WithdrawAsync();
            result = await ScoreAsync(line);
        }
        line.Scoring = null;
        _underWay.Dequeue();
        line.Measures.Resume();
        await AnswerAsync(line, result);
        line.Clear();
    }

    /// <summary>Writes a problem as a line of the response.</summary>
    public void Write(long line, Problem problem)
    {
        body.Write(JsonSerializer.SerializeToUtf8Bytes(new { line, error = problem }, Problem.Json));
        body.Write("\n"u8);
    }

    /// <summary>Waits for lines that are being scored, whose bytes must not be freed before.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var line in _underWay) await line.WithdrawAsync();
    }

    private bool MayGoAhead(NdjsonLine line) =>
        !_isOneByOne && line.Refused is null && !scoring.Admission.IsSmall(line.Text.Span.Length, loss is null)
        // the others are compared with the first
        && Summary.IsBegun && HasMuchMemory(line.Text.Span.Length);

    private bool HasMuchMemory(long length) => Memory.Used <= Memory.Limit / UsedPart && length <= Memory.Limit / LinePart;

    private bool TryReserve(NdjsonLine next, long bytes)
    {
        if (next.Refused is not null) return true;
        if (!HasMuchMemory(next.Text.Span.Length + bytes)) return false;
        try
        {
            next.Text.Reserve((int)bytes);
            return true;
        }
        catch (MemoryBudgetException)
        {
            return false;
        }
    }

    private ValueTask<Result<ComputeTurn>> EnterAsync(NdjsonLine line) =>
        scoring.EnterAsync(body, line.Text.Span.Length, loss is null, aborted);

    private async ValueTask<Result<(JsonRequest Request, ScoreSet Scores)>> ScoreAsync(NdjsonLine line)
    {
        if (line.Refused is { } refused) return refused;
        return (await EnterAsync(line)).TryGet(out var turn, out var problem) ? Score(line, turn) : problem;
    }

    private Result<(JsonRequest Request, ScoreSet Scores)> Score(NdjsonLine line, ComputeTurn turn)
    {
        line.Measures.Resume();
        return scoring.Score((loss, line.Text, Summary), Read, line.Text.Memory, turn, line.Measures, aborted);
    }

    private static Result<JsonRequest> Read((Loss? Loss, RequestBody Text, NdjsonSummary Summary) line, Allowance allowance)
    {
        var read = JsonRequest.Read(line.Loss, line.Text, allowance);
        if (read.TryGet(out var request, out _)) line.Summary.Check(request.Batch);
        return read;
    }

    private async ValueTask AnswerAsync(NdjsonLine line, Result<(JsonRequest Request, ScoreSet Scores)> result)
    {
        Writing = line.Number;
        if (!result.TryGet(out var scored, out var problem))
        {
            Write(line.Number, problem);
            Summary.AddFailure();
        }
        else
        {
            using (scored.Scores)
            {
                line.Measures.Samples = scored.Request.Batch.CountSamples(scored.Scores);
                await scored.Request.WriteAsync(scored.Scores, body, line.Number, aborted);
                body.Write("\n"u8);
                line.Measures.End(Phase.Write);
                Summary.Add(scored.Request.Batch, scored.Scores);
            }
        }
        timing.CountLine(problem, line.Measures);
        if (body.UnflushedBytes >= FlushAt) await body.FlushAsync(aborted);
        Writing = 0;
    }
}
