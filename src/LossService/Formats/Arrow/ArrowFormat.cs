using Apache.Arrow.Ipc;
using LossService.Core.Losses;
using LossService.Http;
using LossService.Problems;
using LossService.Requests;
using LossService.Telemetry;

namespace LossService.Formats.Arrow;

/// <summary>
/// A stream of Arrow: each record batch is a batch and gets one in the response, in order. Memory is that of the longest batch, and of the
/// responses that the client does not take yet. A first batch that is refused is the request's problem; the problem of a later one is in
/// the column <c>error</c>, and does not affect the others.
/// </summary>
internal sealed partial class ArrowFormat(Scoring scoring, Admission admission, ILogger<ArrowFormat> log)
    : StreamFormat(scoring, admission)
{
    private const string MediaType = "application/vnd.apache.arrow.stream";

    /// <inheritdoc/>
    public override IReadOnlyList<BodyType> Reads { get; } =
    [
        new(MediaType, BodyContent.Bytes)
        {
            Description = "An Arrow IPC stream: each record batch is a batch, with columns named as the members of JSON. Classes are "
                + "lists of a fixed size, or of one length; a sample whose label or weight is null is masked; a label in a dictionary is "
                + "the index of its class. Options are in the query, or in the schema's metadata.",
        },
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<BodyType> Writes { get; } =
    [
        new(MediaType, BodyContent.Bytes)
        {
            Description = "A record batch for each, in order, with a column for each output, metric and total, and `notices` and `error`. "
                + "It has the batch's rows if an output has elements for each sample, otherwise one. A number of the whole batch is in "
                + "its first row, and null in the others, so that the sum of `total_loss` over all rows is the stream's. A batch that "
                + "is refused has one row, with the problem as JSON in `error`; a problem of the schema or of the first batch is the "
                + "response.",
        },
    ];

    /// <inheritdoc/>
    public override string NameOf(HttpRequest http) => "arrow";

    /// <inheritdoc/>
    protected override async ValueTask<Problem?> AnswerStreamAsync(Loss? loss, HttpRequest http, HeldResponse body, ServerTiming timing)
    {
        var aborted = http.HttpContext.RequestAborted;
        using var messages = new ArrowMessages(http.BodyReader, body, Admission, aborted);
        if (!(await ReadStreamAsync(loss!, http, messages)).TryGet(out var stream, out var problem)) return problem;
        using var writer = new ArrowStreamWriter(body.AsStream(leaveOpen: true), stream.Table.Schema, leaveOpen: true);
        problem = await AnswerBatchesAsync(loss!, stream, messages, body, writer, timing, aborted);
        if (problem is not null && body.IsEmpty) return problem;
        if (problem is not null)
        {
            // the rest is not scored; that the mark of the end is missing tells the client so
            await WriteAsync(problem, stream, messages, writer, aborted);
            timing.CountLine(problem);
            return null;
        }
        await writer.WriteStartAsync(aborted);
        await writer.WriteEndAsync(aborted);
        return null;
    }

    /// <summary>Reads the schema and the options.</summary>
    private async ValueTask<Result<ArrowStream>> ReadStreamAsync(Loss loss, HttpRequest http, ArrowMessages messages)
    {
        try
        {
            if (!await messages.ReadAsync()) return messages.Broken ?? ArrowMessages.Break("it is empty");
            if (messages.Kind != MessageKind.Schema) return ArrowMessages.Break("it does not begin with a schema");
            if (SchemaReader.Read(messages) is not { } schema) return ArrowMessages.Break("its schema is broken");
            return ArrowStream.Read(loss, schema, http.Query, Admission.Limits);
        }
        catch (Exception broken) when (RequestBody.Explain(broken, Admission.Limits, Admission.Limits.BytesPerSecond) is { } problem)
        {
            return problem;
        }
    }

    /// <summary>Answers each batch.</summary>
    /// <returns>The problem for which the stream ends early; null where it does not.</returns>
    private async ValueTask<Problem?> AnswerBatchesAsync(
        Loss loss, ArrowStream stream, ArrowMessages messages, HeldResponse body, ArrowStreamWriter writer, ServerTiming timing,
        CancellationToken aborted)
    {
        try
        {
            var measures = new BatchMeasures();
            while (await messages.ReadAsync())
            {
                if (messages.Kind == MessageKind.Schema) return ArrowMessages.Break("it has a second schema");
                var problem = await AnswerBatchAsync(loss, stream, messages, body, writer, measures, aborted);
                if (problem is not null && body.IsEmpty) return problem;
                if (problem is not null) await WriteAsync(problem, stream, messages, writer, aborted);
                timing.CountLine(problem, measures);
            }
            return messages.Broken;
        }
        catch (ResponseStalledException stalled)
        {
            LogStall(log, messages.Number, stalled.Held, Admission.Limits.StallSeconds);
            await messages.SkipAsync();
            // the batch whose response was being written ends in the middle
            throw new OperationCanceledException("The client takes nothing of its responses.", stalled);
        }
        catch (Exception broken) when (RequestBody.Explain(broken, Admission.Limits, Admission.Limits.BytesPerSecond) is { } problem)
        {
            return problem;
        }
    }

    /// <summary>
    /// Answers a batch. Where memory is short, it is tried again when the client has taken its responses, which may be what has it.
    /// </summary>
    /// <returns>The problem of the batch; null where it was scored, and its response is written.</returns>
    private async ValueTask<Problem?> AnswerBatchAsync(
        Loss loss, ArrowStream stream, ArrowMessages messages, HeldResponse body, ArrowStreamWriter writer, BatchMeasures measures,
        CancellationToken aborted)
    {
        var problem = await TryAnswerBatchAsync(loss, stream, messages, body, writer, measures, aborted);
        if (problem?.Shed != ProblemTypes.MemoryShed || messages.Refused is not null) return problem;
        await body.DrainAsync(aborted);
        return await TryAnswerBatchAsync(loss, stream, messages, body, writer, measures, aborted);
    }

    /// <inheritdoc cref="AnswerBatchAsync" path="/returns"/>
    private async ValueTask<Problem?> TryAnswerBatchAsync(
        Loss loss, ArrowStream stream, ArrowMessages messages, HeldResponse body, ArrowStreamWriter writer, BatchMeasures measures,
        CancellationToken aborted)
    {
        measures.Begin(messages.Number);
        if (messages.Refused is { } refused) return refused;
        measures.Bytes = messages.Message.Span.Length;
        var entered = await Scoring.EnterAsync(body, messages.Message.Span.Length, isOfSeveral: false, aborted);
        if (!entered.TryGet(out var turn, out var problem)) return problem;
        measures.Resume();
        var result = Scoring.Score((loss, stream, messages), Read, messages.Message.Memory, turn, measures, aborted);
        if (!result.TryGet(out var answer, out problem)) return problem;
        measures.Samples = answer.Request.Batch.CountSamples(answer.Scores);
        using (answer.Scores)
        {
            try
            {
                using var columns = new BatchBuilder(stream.Table.CountRows(answer.Request), messages.Message.Memory);
                using var batch = stream.Table.Build(answer.Scores.Single, answer.Request, columns);
                await writer.WriteRecordBatchAsync(batch, aborted);
            }
            catch (OutOfMemoryException full)
            {
                return FailureProblems.Of(full);
            }
            measures.End(Phase.Write);
        }
        return null;
    }

    private static Result<ArrowRequest> Read((Loss Loss, ArrowStream Stream, ArrowMessages Messages) batch, Allowance allowance)
    {
        var request = new ArrowRequest(batch.Loss, allowance);
        var isRead = false;
        try
        {
            batch.Stream.Options.Set(request.Batch);
            if (BatchReader.Read(batch.Messages, batch.Stream.Columns, request) is { } broken) return ArrowMessages.Break(broken);
            isRead = true;
            return request;
        }
        finally
        {
            if (!isRead) request.Dispose();
        }
    }

    private static async ValueTask WriteAsync(
        Problem problem, ArrowStream stream, ArrowMessages messages, ArrowStreamWriter writer, CancellationToken aborted)
    {
        using var columns = new BatchBuilder(1, messages.Message.Memory);
        using var batch = stream.Table.Build(problem, columns);
        await writer.WriteRecordBatchAsync(batch, aborted);
    }

    [LoggerMessage(LogLevel.Warning,
        "A stream ended at batch {Batch}: its client took nothing of {Held} bytes of responses for {Seconds} seconds")]
    private static partial void LogStall(ILogger log, long batch, long held, int seconds);
}
