using LossService.Core.Losses;
using LossService.Formats.Json;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.Arrow;

/// <summary>A batch that is a record batch of a stream, into whose bytes its tensors look.</summary>
internal sealed class ArrowRequest(Loss loss, Allowance allowance) : FormatRequest(loss, allowance)
{
    /// <summary>How many rows it has.</summary>
    public int Rows { get; set; }

    /// <summary>The problem with the errors found so far; null where there are none.</summary>
    public Problem? Problem => Batch.Errors.Total == 0 ? null : ToProblem();

    /// <summary>Points at a column as at a member of JSON, and into it by the row and the indices in its lists.</summary>
    protected override ProblemError Locate(RequestError error) => new(JsonPointer.Format(error.Address), error.Detail);
}
