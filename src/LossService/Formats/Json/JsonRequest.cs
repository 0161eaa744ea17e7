using System.IO.Pipelines;
using LossService.Core.Losses;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Formats.Numbers;
using LossService.Http;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.Json;

/// <summary>A batch that was read from one JSON text: a whole body or a line of a stream.</summary>
internal sealed class JsonRequest : FormatRequest
{
    private JsonRequest(Loss? loss, Allowance allowance) : base(loss, allowance)
    {
    }

    /// <summary>Reads a text, which is not needed afterwards.</summary>
    /// <param name="loss">The loss; null = the text names several.</param>
    /// <param name="text">The text.</param>
    /// <param name="allowance">What the request may use.</param>
    /// <param name="ahead">What is read of the text already; null = nothing.</param>
    /// <returns>The request, with the errors found in it; a problem where the text is not JSON.</returns>
    /// <exception cref="OperationCanceledException">The allowance's token was cancelled.</exception>
    /// <exception cref="MemoryBudgetException">The tensors do not fit into the allowance's memory, now or ever.</exception>
    public static Result<JsonRequest> Read(Loss? loss, RequestBody text, Allowance allowance, ReadAhead? ahead = null)
    {
        var request = new JsonRequest(loss, allowance);
        var isRead = false;
        try
        {
            if (JsonRequestReader.Read(text, request.Batch, ahead) is { } problem) return problem;
            isRead = true;
            return request;
        }
        finally
        {
            if (!isRead) request.Dispose();
        }
    }

    /// <summary>Writes the scores.</summary>
    /// <param name="scores">The scores of this batch.</param>
    /// <param name="pipe">Where to; flushed as it fills.</param>
    /// <param name="line">The number of the line in a stream; null outside a stream.</param>
    /// <param name="cancellation">The client went away.</param>
    public ValueTask WriteAsync(ScoreSet scores, PipeWriter pipe, long? line, CancellationToken cancellation) =>
        JsonAnswer.WriteAsync(scores, Batch, line, pipe, cancellation);

    /// <inheritdoc/>
    protected override string Describe(RequestError error) => JsonSparseLabels.Describe(base.Describe(error));

    /// <summary>Points at the place in the JSON. A tensor in base64 has no text for one element: its <c>data</c> is pointed at.</summary>
    protected override ProblemError Locate(RequestError error)
    {
        var (address, detail) = error;
        return address.Position.Length > 0 && address.Part is null && Fields.TryFindTensor(address.Member, out var tensor)
            && Batch.IsEncoded(tensor)
            ? new(Point(new(address.Member) { Part = Base64Tensor.Data }), $"[{string.Join(", ", address.Position)}]: {detail}")
            : new(Point(address), detail);

        static string Point(Address place) => JsonSparseLabels.Locate(JsonPointer.Format(place));
    }
}
