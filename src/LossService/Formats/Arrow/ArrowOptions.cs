using System.Text.RegularExpressions;
using Apache.Arrow;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.Arrow;

/// <summary>
/// The options of a stream: parameters of the query, and entries of the schema's metadata. An entry of another program, such as pandas, is
/// left alone: its name is known, or no name of an option.
/// </summary>
internal sealed partial class ArrowOptions
{
    private static readonly string[] Others = ["pandas", "huggingface", "geo", "r"];

    private readonly List<(string Name, IReadOnlyList<string> Texts)> _texts = [];
    private readonly List<string> _twice = [];

    /// <summary>Finds the options.</summary>
    public ArrowOptions(IQueryCollection query, Schema schema)
    {
        foreach (var (name, texts) in query) _texts.Add((name, [.. texts.Select(text => text ?? "")]));
        foreach (var (name, text) in schema.Metadata ?? new Dictionary<string, string>())
        {
            if (Others.Contains(name) || !Name().IsMatch(name)) continue;
            if (query.ContainsKey(name)) _twice.Add(name);
            else _texts.Add((name, [text ?? ""]));
        }
    }

    /// <summary>Sets the options of a batch; what is wrong with them is added to its errors.</summary>
    public void Set(ScoreRequest request)
    {
        foreach (var (name, texts) in _texts)
        {
            if (Fields.TryFindTensor(name, out _)) request.Errors.Add(new(name), $"{name} is a tensor; send it as a column");
            else if (name == Fields.TensorEncoding) request.Errors.Add(new(name), $"{name} applies to JSON only");
            else TextFields.Read(name, texts, request);
        }
        foreach (var name in _twice) request.Errors.Add(new(name), $"{ClientText.Quote(name)} is in the schema and in the query");
    }

    [GeneratedRegex("^[a-z0-9_]+$")]
    private static partial Regex Name();
}
