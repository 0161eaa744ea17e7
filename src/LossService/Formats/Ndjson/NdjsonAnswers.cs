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
/// thread while the next one is read, and, where a permit is free, while that one is scored, too. So a stream has two lines at most.
/// </summary>
/// <remarks>
/// A client gets the same bytes as if lines were scored one by one. A line goes ahead only where much memory is free. If memory is too
/// short all the same, the line is scored again alone, and so is every line after it. Its phases are recorded with its response.
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
    /// A line goes ahead where at most a fourth of the memory of all requests is in use, and the line is at most a 64th of that memory.
    /// </summary>
    private const int UsedPart = 4, LinePart = 64;

    private NdjsonLine? _first;
    private NdjsonLine? _second;
    private bool _isOneByOne = Environment.ProcessorCount == 1;

    /// <summary>The result of all lines as one dataset.</summary>
    public NdjsonSummary Summary { get; } = new(loss is null);

    /// <summary>The number of the line whose response is being written; 0 = none is.</summary>
    public long Writing { get; private set; }

    /// <summary>Whether a line goes ahead of the one that is read.</summary>
    public bool IsUnderWay => _first is not null;

    private MemoryBudget Memory => scoring.Admission.Memory;

    /// <summary>Answers a line, or lets it go ahead; before that, answers those that do.</summary>
    /// <returns>Whether it goes ahead: then it must be kept until the next one returns from here.</returns>
    /// <exception cref="ResponseStalledException">The client takes nothing of its responses.</exception>
    /// <exception cref="OperationCanceledException">The client went away.</exception>
    public async ValueTask<bool> AddAsync(NdjsonLine line)
    {
        if (line.Refused is null) ServiceMeter.RecordBody(line.Text.Span.Length);
        if (!MayGoAhead(line))
        {
            await SettleAsync();
            await AnswerAsync(line, await ScoreAsync(line));
            return false;
        }
        if (_first is null || !scoring.Admission.TryEnter(aborted, out var turn))
        {
            await SettleAsync();
            if (!(await EnterAsync(line)).TryGet(out turn, out var problem))
            {
                await AnswerAsync(line, problem);
                return false;
            }
        }
        _second = line;
        line.Scoring = Task.Run(() => Score(line, turn, holds: true));
        await SettleAsync();
        (_first, _second) = (line, null);
        if (_isOneByOne) await SettleAsync();
        return IsUnderWay;
    }

    /// <summary>Answers the line that goes ahead, unless bytes come before it is scored.</summary>
    /// <returns>Whether it was answered.</returns>
    /// <inheritdoc cref="AddAsync" path="/exception"/>
    public async ValueTask<bool> WorkUntilAsync(Task arrival)
    {
        if (_first?.Scoring is { } first && await Task.WhenAny(first, arrival) == arrival) return false;
        await SettleAsync();
        return true;
    }

    /// <summary>Takes memory for bytes of the next line; where there is not much, answers the line that goes ahead first.</summary>
    /// <inheritdoc cref="AddAsync" path="/exception"/>
    public ValueTask MakeRoomAsync(NdjsonLine next, long bytes) => TryReserve(next, bytes) ? default : SettleAsync();

    /// <summary>Answers the line that goes ahead.</summary>
    /// <inheritdoc cref="AddAsync" path="/exception"/>
    public async ValueTask SettleAsync()
    {
        if (_first is not { } line) return;
        var result = line.Scoring is { } ahead ? await ahead : await ScoreAsync(line);
        if (line.Scoring is not null && result.TryGet(out _, out var problem) is false && problem.Shed == ProblemTypes.MemoryShed)
        {
            // perhaps for want of what the stream's other line holds
            _isOneByOne = true;
            if (_second is not null) await _second.WithdrawAsync();
            result = await ScoreAsync(line);
        }
        (_first, line.Scoring) = (null, null);
        line.Clock.Release();
        await AnswerAsync(line, result);
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
        if (_first is not null) await _first.WithdrawAsync();
        if (_second is not null) await _second.WithdrawAsync();
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
        return (await EnterAsync(line)).TryGet(out var turn, out var problem) ? Score(line, turn, holds: false) : problem;
    }

    private Result<(JsonRequest Request, ScoreSet Scores)> Score(NdjsonLine line, ComputeTurn turn, bool holds)
    {
        line.Clock = new() { Line = line.Number, Holds = holds };
        return scoring.Score((loss, line.Text, Summary), Read, line.Text.Memory, turn, ref line.Clock, aborted);
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
                scored.Request.Batch.CountSamples(scored.Scores);
                await scored.Request.WriteAsync(scored.Scores, body, line.Number, aborted);
                body.Write("\n"u8);
                line.Clock.End(Phase.Write);
                Summary.Add(scored.Request.Batch, scored.Scores);
            }
        }
        timing.CountLine(problem);
        if (body.UnflushedBytes >= FlushAt) await body.FlushAsync(aborted);
        Writing = 0;
    }
}
