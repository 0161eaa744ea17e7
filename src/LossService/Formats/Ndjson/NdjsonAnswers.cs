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
/// short all the same, the line is scored again alone, and so is every line after it. Its phases are recorded with its response.
/// <para>
/// A line that would fit if nothing else were in use must not be refused for what its own stream holds. So where memory is short, all that
/// goes ahead is answered, the client is waited for to take its responses, memory kept for lines to come is freed, and the line is scored
/// again, now without its text beside its scores. A loss takes less than fifty times the bytes of its line, so what goes ahead fits beside
/// the other lines.
/// </para>
/// </remarks>
/// <param name="loss">The loss; null = each line names several.</param>
/// <param name="scoring">Scores a line.</param>
/// <param name="freeSpare">Frees the memory that is kept for lines to come.</param>
/// <param name="body">The response.</param>
/// <param name="timing">Counts the lines.</param>
/// <param name="aborted">The client went away.</param>
internal sealed class NdjsonAnswers(
    Loss? loss, BatchScoring scoring, Action freeSpare, HeldResponse body, ServerTiming timing, CancellationToken aborted)
    : IAsyncDisposable
{
    /// <summary>How many bytes are written between two flushes while lines keep coming.</summary>
    private const int FlushAt = 64 * 1024;

    /// <summary>
    /// A line goes ahead where at most a fourth of the memory of all requests is in use, and the line is at most a 128th of that memory; of
    /// n losses, at most one of 52·n parts.
    /// </summary>
    private const int UsedPart = 4, LinePart = 128, LossPart = 52;

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
        await AnswerAsync(line, await ScoreAloneAsync(line));
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

    /// <summary>Frees all that the stream holds beside the line that is read, as far as its client takes its responses.</summary>
    /// <inheritdoc cref="AddAsync" path="/exception"/>
    public async ValueTask FreeAllAsync()
    {
        await SettleAsync();
        freeSpare();
        await body.DrainAsync(aborted);
    }

    private async ValueTask SettleFirstAsync()
    {
        var line = _underWay.Peek();
        var result = line.Scoring is { } ahead ? await ahead : await ScoreAsync(line);
        if (line.Scoring is not null && IsForWantOfMemory(result))
        {
            // perhaps for want of what the stream's other line holds
            _isOneByOne = true;
            line.Scoring = null;
            foreach (var other in _underWay) await other.WithdrawAsync();
            result = await ScoreAloneAsync(line);
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

    private bool HasMuchMemory(long length) => Memory.Used <= Memory.Limit / UsedPart
        && length <= Memory.Limit / Math.Max(LinePart, LossPart * Summary.LossesOfLine);

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

    /// <summary>Scores a line, and where memory is short, scores it again with all that the stream can free.</summary>
    private async ValueTask<Result<(JsonRequest Request, ScoreSet Scores)>> ScoreAloneAsync(NdjsonLine line)
    {
        var result = await ScoreAsync(line);
        if (line.Refused is not null || !IsForWantOfMemory(result)) return result;
        freeSpare();
        await body.DrainAsync(aborted);
        line.IsTextFreed = true;
        return await ScoreAsync(line);
    }

    private static bool IsForWantOfMemory(in Result<(JsonRequest Request, ScoreSet Scores)> result) =>
        !result.TryGet(out _, out var problem)
        && problem is { Shed: ProblemTypes.MemoryShed } or { Status: StatusCodes.Status413PayloadTooLarge };

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
        return scoring.Score((loss, line, Summary), Read, line.Text.Memory, turn, line.Measures, aborted);
    }

    private static Result<JsonRequest> Read((Loss? Loss, NdjsonLine Line, NdjsonSummary Summary) batch, Allowance allowance)
    {
        var read = JsonRequest.Read(batch.Loss, batch.Line.Text, allowance);
        if (batch.Line.IsTextFreed) batch.Line.Text.Free();
        if (read.TryGet(out var request, out _)) batch.Summary.Check(request.Batch);
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
