using System.Globalization;
using System.Text.Json;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Requests;
using LossService.Tests.Shared;

namespace LossService.Tests.Support;

/// <summary>
/// A draft as JSON, by the texts of its rows: so rows can be taken apart and put in another order without a number being
/// written anew.
/// </summary>
internal sealed class WrittenBatch
{
    private readonly (string Member, string[] Rows)[] _tensors;
    private readonly string _header;

    /// <summary>Writes a draft that asks for the given outputs; for all that its loss has where none is given.</summary>
    public WrittenBatch(Draft draft, params string[] outputs)
    {
        Draft = draft;
        var isIndex = draft.LabelForm == LabelForm.Indices;
        (string Member, string[]? Rows)[] tensors =
        [
            (draft.Form.Name(), Rows(draft.Predictions, isFlat: false)),
            (draft.Target.Name(), Rows(draft.Labels, isIndex)),
            (Fields.SampleWeight, Rows(draft.SampleWeight, !draft.IsBinary)),
            (Fields.Mask, Rows(draft.Mask?.Select(kept => kept ? "true" : "false"), !draft.IsBinary)),
        ];
        _tensors = [.. tensors.Where(tensor => tensor.Rows is not null).Select(tensor => (tensor.Member, tensor.Rows!))];
        var asked = outputs is [] ? [.. draft.Loss.Outputs.Select(output => output.Name)] : outputs;
        string[] header =
        [
            Member(Fields.DType, draft.DType.Name()),
            Member(Fields.Reduction, WireName.Of(draft.Reduction)),
            Member(Fields.MeanOver, WireName.Of(draft.MeanOver)),
            .. draft.MeanDivisor is { } divisor ? new[] { Member(Fields.Divisor, divisor) } : [],
            .. draft.Unit == Unit.Nats ? [] : new[] { Member(Fields.Unit, WireName.Of(draft.Unit)) },
            Member(Fields.Outputs, asked),
            .. draft.Options.OrderBy(option => option.Key.Name, StringComparer.Ordinal)
                .Select(option => Member(option.Key.Name, option.Value ?? Option.None)),
        ];
        _header = string.Join(',', header);
    }

    public Draft Draft { get; }

    public string Path => $"/v1/losses/{Draft.Loss.Name}";

    public string Body => Take(Enumerable.Range(0, Draft.Rows));

    /// <summary>The body of these rows alone, in this order.</summary>
    public string Take(IEnumerable<int> rows)
    {
        int[] taken = [.. rows];
        var tensors = _tensors.Select(tensor =>
            $"\"{tensor.Member}\":[{string.Join(',', taken.Select(row => tensor.Rows[row]))}]");
        return $"{{{string.Join(',', tensors)},{_header}}}";
    }

    private static string Member(string name, object? value) => $"\"{name}\":{JsonSerializer.Serialize(value)}";

    private string[]? Rows(double[]? values, bool isFlat) => Rows(values?.Select(Text), isFlat);

    /// <summary>The text of each row: a number where there is one a row, otherwise a list.</summary>
    private string[]? Rows(IEnumerable<string>? texts, bool isFlat) => isFlat ? texts?.ToArray()
        : texts?.Chunk(Draft.Classes).Select(row => $"[{string.Join(',', row)}]").ToArray();

    private string Text(double x) => Draft.DType == DType.Float32
        ? ((float)x).ToString("R", CultureInfo.InvariantCulture) : x.ToString("R", CultureInfo.InvariantCulture);
}
