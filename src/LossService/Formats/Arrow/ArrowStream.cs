using Apache.Arrow;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Http;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.Arrow;

/// <summary>What all batches of a stream have in common.</summary>
/// <param name="Columns">The columns.</param>
/// <param name="Options">The options.</param>
/// <param name="Table">The columns of the response.</param>
internal sealed record ArrowStream(IReadOnlyList<ArrowColumn> Columns, ArrowOptions Options, ScoresTable Table)
{
    /// <summary>Finds it in a schema and a query.</summary>
    /// <returns>The stream; the problem where the schema or an option is wrong, so that every batch would be.</returns>
    public static Result<ArrowStream> Read(Loss loss, Schema schema, IQueryCollection query, Limits limits)
    {
        using var request = new ArrowRequest(loss, new(limits, null, CancellationToken.None));
        var options = new ArrowOptions(query, schema);
        options.Set(request.Batch);
        var columns = SchemaReader.FindColumns(schema, request.Batch);
        var predictions = columns.FirstOrDefault(column => column.Field <= TensorField.LogProbabilities);
        if (schema.FieldsList.Count == 0) request.Batch.Errors.Add(new(""), "the schema has no columns");
        else if (predictions is null || request.Batch.Errors.Total > 0) RequestValidator.AddMissing(request.Batch);
        else if (loss.Kind == LossKind.Categorical && predictions.GetClassAxis(request.Batch.Options) == 0)
            request.Batch.Errors.Add(new(SharedOptions.ClassAxis.Name),
                "axis 0 of a record batch is its rows, which are samples; the classes are on an axis of the lists");
        if (request.Problem is { } problem) return problem;
        return new ArrowStream(columns, options, new(request.Batch, predictions!));
    }
}
