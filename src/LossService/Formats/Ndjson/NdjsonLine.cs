using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Formats.Json;
using LossService.Http;
using LossService.Problems;
using LossService.Telemetry;

namespace LossService.Formats.Ndjson;

/// <summary>A line of a stream, and, where it is scored while the next one is read, its scores.</summary>
/// <param name="memory">What its bytes, its tensors and its scores are taken from.</param>
internal sealed class NdjsonLine(MemoryBudget memory) : IDisposable
{
    /// <summary>The bytes without the line feed; empty where they were refused.</summary>
    public RequestBody Text { get; } = new(RequestBody.LeastCapacity, memory.Share());

    /// <summary>Its number, from 1.</summary>
    public long Number { get; set; }

    /// <summary>Why it was not kept: it is too long, or there is no memory for it; null where it was.</summary>
    public Problem? Refused { get; private set; }

    /// <summary>Whether it has only white space.</summary>
    public bool IsBlank => Refused is null && !Text.Span.ContainsAnyExcept(" \t\r"u8);

    /// <summary>Whether its bytes are freed as soon as they are parsed, so that it cannot be scored again.</summary>
    public bool IsTextFreed { get; set; }

    /// <summary>Its scoring on another thread; null where there is none.</summary>
    public Task<Result<(JsonRequest Request, ScoreSet Scores)>>? Scoring { get; set; }

    /// <summary>What is measured of it.</summary>
    public BatchMeasures Measures { get; } = new();

    /// <summary>Forgets the line that was read before.</summary>
    public void Clear()
    {
        Text.Clear();
        Refused = null;
        IsTextFreed = false;
    }

    /// <summary>Keeps none of it.</summary>
    public void Refuse(Problem problem)
    {
        Refused ??= problem;
        Text.Clear();
    }

    /// <summary>Waits for its scoring, and drops the result.</summary>
    public async ValueTask WithdrawAsync()
    {
        if (Scoring is not { } scoring) return;
        await ((Task)scoring).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (scoring.IsCompletedSuccessfully && scoring.Result.TryGet(out var scored, out _)) scored.Scores.Dispose();
        Scoring = null;
    }

    /// <inheritdoc/>
    public void Dispose() => Text.Dispose();
}
