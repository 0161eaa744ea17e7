using System.Text.Json;
using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;
using LossService.Core.Losses;
using LossService.Core.Tensors;
using LossService.Formats.Numbers;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.Arrow;

/// <summary>Reads the schema of a stream: which columns are tensors, and of which types.</summary>
internal static class SchemaReader
{
    private const string ExtensionName = "ARROW:extension:name", ExtensionMetadata = "ARROW:extension:metadata";

    /// <summary>Reads the schema from its message.</summary>
    /// <returns>The schema; null where its metadata is broken.</returns>
    public static unsafe Schema? Read(ArrowMessages messages)
    {
        var message = messages.Message;
        try
        {
            SchemaGuard.Check(messages.Metadata);
            using var reader = new ArrowStreamReader(new NativeMemory(message.Start, message.Span.Length).Memory);
            return reader.Schema;
        }
        // the library throws many types of exceptions where metadata is broken
        catch (Exception broken) when (broken is not OutOfMemoryException)
        {
            return null;
        }
    }

    /// <summary>Finds the columns of a request; what is wrong with them is added to its errors.</summary>
    public static List<ArrowColumn> FindColumns(Schema schema, ScoreRequest request)
    {
        List<ArrowColumn> columns = [];
        foreach (var field in schema.FieldsList)
        {
            var errors = request.Errors;
            if (!Fields.TryFindTensor(field.Name, out var tensor))
                errors.Add(new(field.Name), $"unknown column {ClientText.Quote(field.Name)}"
                    + (ForeignWords.FindField(field.Name, request.Loss) is { } hint
                        ? $"; {hint}" : Nearest.Suggest(field.Name, Fields.Tensors)));
            else if (!request.Posted.Add(field.Name)) errors.Add(new(field.Name), $"duplicate column \"{field.Name}\"");
            else if (Find(tensor, field, out var wrong) is not { } column) errors.Add(new(field.Name), wrong);
            else if (tensor <= TensorField.LogProbabilities && request.Loss.Kind != LossKind.Binary && column.Rank == 1)
                errors.Add(new(field.Name), "expected a column of lists, with a number for each class");
            else if (tensor <= TensorField.LogProbabilities && !column.DType.IsFloat())
                errors.Add(new(field.Name), $"expected real numbers, got {column.DType.Name()}");
            else columns.Add(column);
        }
        return columns;
    }

    private static ArrowColumn? Find(TensorField tensor, Field field, out string wrong)
    {
        var type = field.DataType;
        List<ListLevel> levels = [];
        for (; FindLevel(type) is { } level; type = ((NestedType)type).Fields[0].DataType) levels.Add(level);
        // a label in a dictionary is the index of its class
        if (type is DictionaryType dictionary && tensor == TensorField.Labels) type = dictionary.IndexType;
        var axes = ReadAxes(field, levels, out wrong);
        if (wrong.Length > 0) return null;
        if (FindDType(type.TypeId) is not { } dtype) wrong = $"expected numbers or booleans, got {type.Name}";
        else if (levels.Count >= NumberArrayReader.MaxRank) wrong = $"expected at most {NumberArrayReader.MaxRank} axes";
        else return new(tensor, dtype, levels, axes);
        return null;
    }

    private static ListLevel? FindLevel(IArrowType type) => type switch
    {
        FixedSizeListType list when list.ListSize >= 0 => new(list.ListSize),
        ListType => new(null),
        LargeListType => new(null, IsLarge: true),
        _ => null,
    };

    /// <summary>Reads the axes of Arrow's canonical extension type for tensors of a fixed shape.</summary>
    private static int[]? ReadAxes(Field field, List<ListLevel> levels, out string wrong)
    {
        wrong = "";
        if (field.Metadata?.GetValueOrDefault(ExtensionName) is not { } name) return null;
        wrong = $"the extension type {ClientText.Quote(name)} is not supported";
        if (name != "arrow.fixed_shape_tensor" || levels is not [{ Size: { } size }]) return null;
        wrong = "the metadata of the fixed-shape tensor does not fit its list";
        try
        {
            using var json = JsonDocument.Parse(field.Metadata.GetValueOrDefault(ExtensionMetadata) ?? "");
            var axes = json.RootElement.GetProperty("shape").EnumerateArray().Select(axis => axis.GetInt32()).ToArray();
            if (axes.Length is 0 or >= NumberArrayReader.MaxRank || axes.Any(axis => axis < 0)) return null;
            // a product beyond any list's length stays beyond it
            if (axes.Aggregate(1L, (count, axis) => Math.Min(count * axis, 1L << 31)) != size) return null;
            var isOrdered = !json.RootElement.TryGetProperty("permutation", out var order)
                || order.EnumerateArray().Select(axis => axis.GetInt32()).SequenceEqual(Enumerable.Range(0, axes.Length));
            wrong = isOrdered ? "" : "a fixed-shape tensor in another order of axes is not supported";
            return axes;
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    private static DType? FindDType(ArrowTypeId type) => type switch
    {
        ArrowTypeId.HalfFloat => DType.Float16,
        ArrowTypeId.Float => DType.Float32,
        ArrowTypeId.Double => DType.Float64,
        ArrowTypeId.Boolean => DType.Bool,
        ArrowTypeId.Int8 => DType.Int8,
        ArrowTypeId.Int16 => DType.Int16,
        ArrowTypeId.Int32 => DType.Int32,
        ArrowTypeId.Int64 => DType.Int64,
        ArrowTypeId.UInt8 => DType.UInt8,
        ArrowTypeId.UInt16 => DType.UInt16,
        ArrowTypeId.UInt32 => DType.UInt32,
        ArrowTypeId.UInt64 => DType.UInt64,
        _ => null,
    };
}
