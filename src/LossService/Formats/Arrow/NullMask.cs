using LossService.Core.Tensors;
using LossService.Http;
using LossService.Requests;

namespace LossService.Formats.Arrow;

/// <summary>Masks the samples whose label or weight is null; any other null is an error.</summary>
internal static class NullMask
{
    /// <summary>Applies the nulls of a batch whose columns are read.</summary>
    /// <param name="nulls">Where nulls may be.</param>
    /// <param name="message">The message that has their bits.</param>
    /// <param name="request">Gets a mask, or errors.</param>
    /// <exception cref="MemoryBudgetException">A mask does not fit into the request's memory.</exception>
    public static void Apply(IReadOnlyList<NullRun> nulls, RequestBody message, ScoreRequest request)
    {
        if (nulls.Count == 0 || request.Predictions is not { Shape.Rank: > 0 } predictions) return;
        var samples = request.Loss.GetSampleShape(predictions.Shape, request.Options);
        var mask = (Tensor?)null;
        // what does not fit the samples is refused with its shape
        var isPostedRight = request[TensorField.Mask] is not { } posted
            || (!posted.DType.IsFloat() && samples.Axes.StartsWith(TrimOnes(posted.Shape, samples.Rank).Axes));
        foreach (var run in nulls)
        {
            var shape = TrimOnes(run.Shape, samples.Rank);
            if (run.Field is not (>= TensorField.Labels and <= TensorField.SampleWeight) || shape.Rank > samples.Rank)
                Refuse(run, message, request);
            else if (isPostedRight && samples.Axes.StartsWith(shape.Axes))
                Clear(mask ??= Make(samples, request), run, shape, message);
        }
        if (mask is null) return;
        request[TensorField.Mask]?.Dispose();
        request[TensorField.Mask] = mask;
    }

    /// <summary>A weight may have further axes of length 1.</summary>
    private static Shape TrimOnes(Shape shape, int rank)
    {
        var axes = shape.Axes;
        while (axes.Length > rank && axes[^1] == 1) axes = axes[..^1];
        return axes.Length == shape.Rank ? shape : new(axes.ToArray());
    }

    private static void Refuse(NullRun run, RequestBody message, ScoreRequest request)
    {
        for (long i = 0; i < run.Shape.Count; i++)
        {
            if (IsValid(run, message, i) || !request.Errors.Count()) continue;
            request.Errors.Keep(new(Fields.GetName(run.Field), run.Shape.Position(i)), run.Field == TensorField.Mask
                ? "expected true or false, got null" : "expected a number, got null; leave the sample out by a null label or with mask");
        }
    }

    private static void Clear(Tensor mask, NullRun run, Shape shape, RequestBody message)
    {
        var entries = shape.Count;
        if (entries == 0) return;
        var each = mask.Count / entries;
        for (long i = 0; i < entries; i++)
            if (!IsValid(run, message, i)) mask.Clear(i * each, each);
    }

    /// <summary>The mask of the request with an entry for each sample.</summary>
    private static Tensor Make(Shape samples, ScoreRequest request)
    {
        var mask = new Tensor(DType.Bool, samples, request.Allowance.Memory);
        mask.AsSpan<byte>().Fill(1);
        if (request[TensorField.Mask] is not { Count: > 0 } posted) return mask;
        var each = mask.Count / posted.Count;
        for (long i = 0; i < posted.Count; i++)
        {
            if (posted.Integer(i) == 0) mask.Clear(i * each, each);
            else if (posted.Integer(i) != 1)
                request.Errors.Add(new(Fields.Mask, posted.Shape.Position(i)), $"expected 0 or 1, got {posted.Text(i)}");
        }
        return mask;
    }

    private static bool IsValid(NullRun run, RequestBody message, long entry)
    {
        var bit = run.First + entry;
        return (message.Span[run.Bitmap + (int)(bit >> 3)] >> (int)(bit & 7) & 1) != 0;
    }
}
