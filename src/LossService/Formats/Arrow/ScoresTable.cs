using System.Text.Json;
using Apache.Arrow;
using Apache.Arrow.Types;
using LossService.Core.Losses;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.Arrow;

/// <summary>
/// The columns of a response: a row for each row of the batch where an output has elements for each sample, otherwise one row. Numbers of
/// the whole batch are in its first row, and null in the others, so that a column adds up to the sum over the batches.
/// </summary>
internal sealed class ScoresTable
{
    private const string Notices = "notices", Error = "error";

    private readonly (TensorOutput Output, IArrowType Type)[] _outputs;
    private readonly bool _hasRows;

    /// <summary>Finds the columns.</summary>
    /// <param name="request">A request with the options of the stream.</param>
    /// <param name="predictions">The column of the predictions.</param>
    public ScoresTable(ScoreRequest request, ArrowColumn predictions)
    {
        _outputs = [.. TensorOutput.GetAsked(request).Select(output => (output, FindType(output, request, predictions)))];
        _hasRows = _outputs.Any(column => column.Output.PerSample is not null);
        var metadata = request.Id is { } id ? new Dictionary<string, string> { [Fields.Id] = id } : null;
        Schema = new(
            [.. _outputs.Select(column => new Field(column.Output.Name, column.Type, true)),
                new(Notices, StringType.Default, true), new(Error, StringType.Default, true)],
            metadata);
    }

    /// <summary>Their names and types.</summary>
    public Schema Schema { get; }

    /// <summary>How many rows the record batch of a scored batch has.</summary>
    public int CountRows(ArrowRequest request) => _hasRows ? request.Rows : 1;

    /// <summary>Makes the record batch of scores, which must live as long.</summary>
    public RecordBatch Build(Scores scores, ArrowRequest request, BatchBuilder columns)
    {
        var notices = request.Batch.Notices is { Count: > 0 } all ? string.Join(". ", all.Select(notice => notice.Detail)) : null;
        List<ArrayData> data = [];
        foreach (var (output, type) in _outputs)
        {
            var tensor = columns.Own(output.Take(scores)!);
            data.Add(output.PerSample is not null ? columns.AddRows(type, tensor)
                : type is ListType list ? columns.AddFirstList(list, tensor) : columns.AddFirst(type, tensor));
        }
        return ToBatch([.. data, columns.AddFirst(notices), columns.AddFirst(null)], CountRows(request));
    }

    /// <summary>Makes the record batch of a batch that was refused: one row with the problem as JSON.</summary>
    public RecordBatch Build(Problem problem, BatchBuilder columns) => ToBatch(
        [.. _outputs.Select(column => columns.AddNulls(column.Type)), columns.AddFirst(null),
            columns.AddFirst(JsonSerializer.Serialize(problem, Problem.Json))],
        1);

    private RecordBatch ToBatch(ArrayData[] columns, int rows) => new(Schema, columns.Select(ArrowArrayFactory.BuildArray), rows);

    private static IArrowType FindType(TensorOutput output, ScoreRequest request, ArrowColumn predictions)
    {
        var element = FindType(output.DType ?? request.ResultDType ?? predictions.DType);
        if (output.PerSample is null)
            return output.IsNumber ? element : new ListType(output.Axes is not [_, var size] ? element
                : size > 0 ? new FixedSizeListType(Item(element), (int)size) : new ListType(Item(element)));
        var isOfClasses = request.Loss.Kind == LossKind.Categorical && output.PerSample == OutputShape.Samples;
        var levels = predictions.GetLevels(isOfClasses ? predictions.GetClassAxis(request.Options) : null);
        return levels.Reverse().Aggregate(element, (type, level) =>
            level.Size is { } size ? new FixedSizeListType(Item(type), size) : new ListType(Item(type)));
    }

    private static Field Item(IArrowType type) => new("item", type, false);

    private static IArrowType FindType(DType dtype) => dtype switch
    {
        DType.Float16 => HalfFloatType.Default,
        DType.Float32 => FloatType.Default,
        DType.Float64 => DoubleType.Default,
        _ => Int64Type.Default,
    };
}
