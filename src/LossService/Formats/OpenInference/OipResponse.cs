using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Formats.OpenInference;

/// <summary>The outputs that a request asks for, taken from its scores, which must live as long.</summary>
internal sealed class OipResponse : IDisposable
{
    private readonly Scores _scores;
    private readonly OipRequest _request;

    /// <summary>Takes the wanted tensors; an output that the loss does not have is left out.</summary>
    public OipResponse(Scores scores, OipRequest request)
    {
        (_scores, _request) = (scores, request);
        foreach (var wanted in request.Wanted)
            if (wanted.Output.Take(scores) is { } tensor)
                Outputs.Add((wanted.Output.Name, tensor, wanted.IsBinary ?? request.WantsBinary ?? false));
    }

    /// <summary>Names and tensors in the requested order, and whether they are sent as bytes.</summary>
    public List<(string Name, Tensor Tensor, bool IsBinary)> Outputs { get; } = [];

    /// <summary>The totals: the response's parameters <c>total_samples</c>, <c>total_weight</c>, <c>total_loss</c>.</summary>
    public Totals Totals => _scores.Totals;

    /// <summary>What is probably a mistake: the response's parameter <c>notices</c>; null = nothing.</summary>
    public string? Notices => _request.Batch.Notices is { Count: > 0 } notices
        ? string.Join(". ", notices.Select(notice => notice.Detail)) : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, tensor, _) in Outputs) tensor.Dispose();
    }
}
