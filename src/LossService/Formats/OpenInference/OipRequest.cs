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
/// options, reduction, mean_over, divisor, unit and dtype; outputs are requested by name.
/// </summary>
internal sealed partial class OipRequest(Loss loss, Allowance allowance) : FormatRequest(loss, allowance)
{
    private readonly List<IDisposable> _owned = [];
    private readonly List<WantedOutput> _wanted = [];

    /// <summary>Where its fields and tensors are.</summary>
    public OipAddresses Addresses { get; } = new();

    /// <summary>The errors so far.</summary>
    public RequestErrors Errors => Batch.Errors;

    /// <summary>Whether outputs are binary by default; null = the request does not say.</summary>
    public bool? WantsBinary { get; set; }

    /// <summary>The requested outputs, in order.</summary>
    public IReadOnlyList<WantedOutput> Wanted => _wanted;

    /// <summary>Adds an error at a field of the protocol, such as <c>inputs/0/shape</c>.</summary>
    public void Note(string path, string detail) => Errors.Add(new(path), detail);

    /// <summary>Adds an input by its name, datatype and shape.</summary>
    /// <returns>The input; null where one of them is invalid, which is noted.</returns>
    public OipInput? Declare(int index, string name, string datatype, ReadOnlySpan<long> axes)
    {
        var path = $"inputs/{index}";
        if (!Fields.TryFindTensor(name, out var field))
        {
            Note($"{path}/name", $"unknown input {ClientText.Quote(name)}"
                + (ForeignWords.FindField(name, Batch.Loss) is { } hint ? $"; {hint}" : Nearest.Suggest(name, Fields.Tensors)));
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
                $"{name} has the unknown datatype {ClientText.Quote(datatype)}; expected one of {string.Join(", ", OipDatatype.All)}");
            return null;
        }
        if (axes.Length > JsonTensorReader.MaxRank)
        {
            Note($"{path}/shape", $"{name} has more than {JsonTensorReader.MaxRank} axes");
            return null;
        }
        long count = dtype.Size();
        foreach (var axis in axes)
        {
            // both factors are below 2^31, so the product does not overflow
            if (axis >= 0 && axis <= int.MaxValue && (count *= axis) <= int.MaxValue) continue;
            Note($"{path}/shape", axis < 0
                ? $"{name} has an axis of length {axis}"
                : $"{name} has a shape that takes more than {int.MaxValue} bytes");
            return null;
        }
        var shape = new int[axes.Length];
        for (var axis = 0; axis < shape.Length; axis++) shape[axis] = (int)axes[axis];
        return new(index, name, field, dtype, new(shape));
    }

    /// <summary>Adds an input whose elements stay where they are: the memory must not move until this is disposed.</summary>
    public unsafe void View(OipInput input, byte* data)
    {
        var bytes = new ReadOnlySpan<byte>(data, (int)input.Bytes);
        if (input.DType == DType.Bool && bytes.IndexOfAnyExcept((byte)0, (byte)1) is >= 0 and var odd)
        {
            Errors.Add(new(input.Name, input.Shape.Position(odd)), $"a BOOL is 0 or 1, not {bytes[odd]}");
            return;
        }
        Batch[input.Field] = new(input.DType, input.Shape, data) { IsFinite = FiniteScan.IsFinite(input.DType, bytes) };
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
        Batch[input.Field] = new(data.DType, input.Shape, data.Data) { IsFinite = data.IsFinite };
    }

    /// <summary>Disposes <paramref name="owned"/> with this.</summary>
    public void Own(IDisposable owned) => _owned.Add(owned);

    /// <summary>Whether an input, an output or a parameter is one too many: then that is noted, and the rest is not to be read.</summary>
    /// <param name="index">Its index.</param>
    /// <param name="most">How many there may be.</param>
    /// <param name="path">The field that they are in.</param>
    public bool IsTooMany(int index, int most, string path)
    {
        if (index == most) Note(path, $"{path}: expected at most {most}");
        return index >= most;
    }

    /// <summary>Adds a requested output.</summary>
    public void Want(int index, string name, bool? binary)
    {
        var outputs = TensorOutput.GetAll(Batch.Loss).ToArray();
        if (Array.Find(outputs, output => output.Name == name) is not { } output)
        {
            var names = outputs.Select(output => output.Name).ToArray();
            Note($"outputs/{index}/name",
                $"unknown output {ClientText.Quote(name)}{Nearest.Suggest(name, names)}; expected one of {string.Join(", ", names)}");
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
        var computed = OutputCatalogue.GetDefault(Batch.Reduction);
        if (_wanted.Count == 0) _wanted.Add(new(TensorOutput.All.First(output => output.Computes == computed), null));
        var outputs = OutputSet.None;
        foreach (var wanted in _wanted) outputs |= wanted.Output.Computes;
        // totals are there whatever is computed
        Batch.Outputs = outputs == OutputSet.None ? computed : outputs;
    }

    /// <summary>Notes an output of a datatype that can only be sent as bytes, where it would be sent as numbers.</summary>
    public void CheckIsNumbers(WantedOutput wanted, string form, string cure)
    {
        var dtype = wanted.Output.DType ?? Batch.ResultDType ?? Batch.Predictions?.DType;
        if (dtype is { } typed && !typed.HasJson())
            Note("outputs", $"{wanted.Output.Name} is {typed.Datatype()} here, which {form} cannot carry: {cure}, or for results of "
                + "float32 with the parameter dtype");
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var owned in _owned) owned.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override ProblemError Locate(RequestError error) => Addresses.Locate(error);

    /// <inheritdoc/>
    protected override string Describe(RequestError error) => Addresses.Locate(error).Detail;
}
