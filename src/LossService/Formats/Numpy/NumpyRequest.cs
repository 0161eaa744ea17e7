using LossService.Core.Losses;
using LossService.Formats.Json;
using LossService.Http;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.Numpy;

/// <summary>A batch that was read from the parts of a form, into whose bytes its tensors look.</summary>
internal sealed class NumpyRequest(Loss? loss, RequestBody body, Allowance allowance) : FormatRequest(loss, allowance)
{
    /// <summary>The body; disposed of with this.</summary>
    public RequestBody Body { get; } = body;

    /// <summary>Points at a part as at a member of JSON, and into it by the indices of the array.</summary>
    protected override ProblemError Locate(RequestError error) => new(JsonPointer.Format(error.Address), error.Detail);

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        Body.Dispose();
    }
}
