using System.Text;
using System.Text.Json;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Formats.Json;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.OpenInference;

/// <summary>
/// An infer request, filled by HTTP and by gRPC. Inputs are the tensors of a <see cref="ScoreRequest"/>; parameters are the loss's
/// options, reduction, mean_over and unit; outputs are requested by name.
/// </summary>
internal sealed class OipRequest(Loss loss) : FormatRequest(loss)
{
    private readonly List<IDisposable> _owned = [];
    private readonly List<WantedOutput> _wanted = [];

    /// <summary>Where its fields and tensors are.</summary>
    public OipAddresses Addresses { get; } = new();

    /// <summary>The errors so far.</summary>
    public RequestErrors RequestErrors => Batch.RequestErrors;

    /// <summary>Whether outputs are binary by default.</summary>
    public bool WantsBinary { get; set; }

    /// <summary>The requested outputs, in order.</summary>
    public IReadOnlyList<WantedOutput> Wanted => _wanted;

    /// <summary>Adds an error at a field of the protocol, such as <c>inputs/0/shape</c>.</summary>
    public void Note(string path, string detail) => RequestErrors.Add(new(path), detail);

    /// <summary>Adds an input by its name, datatype and shape.</summary>
    /// <returns>The input; null where one of them is invalid, which is noted.</returns>
    public OipInput? Declare(int index, string name, string datatype, ReadOnlySpan<long> axes)
    {
        var path = $"inputs/{index}";
        if (!Fields.Tensors.Contains(name))
        {
            Note($"{path}/name", $"unknown input \"{name}\"{Nearest.Suggest(name, Fields.Tensors)}");
            return null;
        }
        Addresses.Add(name, OipAddresses.Pointer("inputs", $"{index}"), name, OipLayout.Opaque);
        if (!Batch.Posted.Add(name))
        {
            Note($"{path}/name", $"duplicate input \"{name}\"");
            return null;
        }
        if (!OipDatatype.TryParse(datatype, out var dtype))
        {
            Note($"{path}/datatype",
                $"{name} has the unknown datatype \"{datatype}\"; expected one of {string.Join(", ", OipDatatype.All)}");
            return null;
        }
        if (axes.Length > JsonTensorReader.MaxRank)
        {
            Note($"{path}/shape", $"{name} has {axes.Length} axes; at most {JsonTensorReader.MaxRank} are allowed");
            return null;
        }
        long count = dtype.Size();
        foreach (var axis in axes)
        {
            // both factors are below 2^31, so the product does not overflow
            if (axis >= 0 && axis <= int.MaxValue && (count *= axis) <= int.MaxValue) continue;
            Note($"{path}/shape", axis < 0 ?
                $"{name} has an axis of length {axis}" : $"{name} has a shape that takes more than {int.MaxValue} bytes");
            return null;
        }
        var shape = new int[axes.Length];
        for (var axis = 0; axis < shape.Length; axis++) shape[axis] = (int)axes[axis];
        return new(index, name, dtype, new(shape));
    }

    /// <summary>Adds an input whose elements stay where they are: the memory must not move until this is disposed.</summary>
    public unsafe void View(OipInput input, byte* data)
    {
        var bytes = new ReadOnlySpan<byte>(data, (int)input.Bytes);
        if (input.DType == DType.Bool && bytes.IndexOfAnyExcept((byte)0, (byte)1) is >= 0 and var odd)
        {
            RequestErrors.Add(new(input.Name, input.Shape.Position(odd)), $"a BOOL is 0 or 1, not {bytes[odd]}");
            return;
        }
        Batch.Tensors[input.Name] = new(input.DType, input.Shape, data) { IsFinite = FiniteScan.IsFinite(input.DType, bytes) };
    }

    /// <summary>Adds an input whose elements were read from JSON, flat or nested.</summary>
    public unsafe void Take(OipInput input, Tensor data)
    {
        Own(data);
        if (data.Shape != input.Shape && (data.Shape.Rank > 1 || data.Count != input.Shape.Count))
        {
            Note($"inputs/{input.Index}/data", $"{input.Name} has the shape {input.Shape}, but its data has the shape {data.Shape}; "
                + "expected nested lists in that shape, or one flat list");
            return;
        }
        var layout = data.Shape == input.Shape ? OipLayout.Nested : OipLayout.Flat;
        Addresses.Add(input.Name, input.Pointer + "/data", input.Name, layout, input.Shape);
        Batch.Tensors[input.Name] = new(data.DType, input.Shape, data.Data) { IsFinite = data.IsFinite };
    }

    /// <summary>Disposes <paramref name="owned"/> with this.</summary>
    public void Own(IDisposable owned) => _owned.Add(owned);

    /// <summary>Takes a parameter: the value that <paramref name="json"/> stands at.</summary>
    /// <remarks>gRPC has no lists, so where an option takes one, the text of a JSON list will do.</remarks>
    public void Parameter(string name, ref Utf8JsonReader json)
    {
        Addresses.Add(name, OipAddresses.Pointer("parameters", name), name);
        if (name is Fields.DType or Fields.TensorEncoding or Fields.Outputs or Fields.Id)
        {
            Note(name, $"{name} is no parameter: the protocol has its own place for it");
            return;
        }
        var option = Batch.Loss.Options.FirstOrDefault(option => option.Name == name);
        if (json.TokenType == JsonTokenType.String && option?.Form is OptionForm.Integers or OptionForm.PerClass or OptionForm.NumberOrPerClass)
        {
            var text = new Utf8JsonReader(Encoding.UTF8.GetBytes(json.GetString()!), JsonText.Strict);
            Addresses.Add(name, OipAddresses.Pointer("parameters", name), name, OipLayout.Opaque);
            if (IsList(text) && text.Read() && HeaderParser.TryRead(name, ref text, Batch)) return;
        }
        if (!HeaderParser.TryRead(name, ref json, Batch)) Note(name, HeaderParser.Unknown(name, Batch.Loss));
    }

    /// <summary>Adds a requested output.</summary>
    public void Want(int index, string name, bool? binary)
    {
        var outputs = OipOutput.Of(Batch.Loss).ToArray();
        if (Array.Find(outputs, output => output.Name == name) is not { } output)
        {
            var names = outputs.Select(output => output.Name).ToArray();
            Note($"outputs/{index}/name",
                $"unknown output \"{name}\"{Nearest.Suggest(name, names)}; expected one of {string.Join(", ", names)}");
        }
        else if (_wanted.Any(wanted => wanted.Output == output))
        {
            Note($"outputs/{index}/name", $"duplicate output \"{name}\"");
        }
        else
        {
            _wanted.Add(new(output, binary));
        }
    }

    /// <summary>Decides what to compute, after everything is read.</summary>
    public void Conclude()
    {
        var isReduced = Batch.Reduction != Reduction.None;
        if (_wanted.Count == 0) _wanted.Add(new(OipOutput.All.First(output => output.Name == (isReduced ? "loss" : "losses")), null));
        Batch.Outputs = OutputSet.None;
        foreach (var wanted in _wanted) Batch.Outputs |= wanted.Output.Computes;
        if (!isReduced && Batch.Outputs.Value.HasFlag(OutputSet.Loss))
            Note("outputs", "there is no output \"loss\" where the reduction is \"none\"");
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var owned in _owned) owned.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override ProblemError Locate(RequestError error) => Addresses.Locate(error);

    private static bool IsList(Utf8JsonReader text)
    {
        try
        {
            return text.Read() && text.TokenType == JsonTokenType.StartArray && text.TrySkip() && !text.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
