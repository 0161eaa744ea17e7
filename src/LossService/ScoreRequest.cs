using System.Collections.Frozen;
using LossService.Core;

namespace LossService;

/// <summary>Where in a request something is: a member, and a position inside its tensor or list.</summary>
/// <param name="Member">The member's name; empty for the request itself.</param>
/// <param name="Position">One index for each axis.</param>
public readonly record struct Address(string Member, params int[] Position)
{
    /// <summary>The member inside the member, where a tensor is an object: <c>shape</c>, <c>data</c>.</summary>
    public string? Part { get; init; }
}

/// <summary>How result tensors are written in JSON.</summary>
public enum TensorEncoding
{
    /// <summary>Nested arrays of numbers.</summary>
    Json,

    /// <summary>An object with dtype, shape, and the bytes in base64.</summary>
    Base64,
}

/// <summary>One thing that is wrong with a request, in no format's terms yet.</summary>
/// <param name="Address">Where.</param>
/// <param name="Detail">What.</param>
public sealed record Finding(Address Address, string Detail);

/// <summary>
/// What a client posted, whatever the format: a header and named tensors. A format fills it, the validation says whether it is
/// a batch. The members' names are those of the native API.
/// </summary>
public sealed class ScoreRequest : IDisposable
{
    private Dictionary<string, object?>? _options;
    private HashSet<string>? _encoded;

    /// <summary>A request for the given loss.</summary>
    public ScoreRequest(Loss loss) => Loss = loss;

    /// <summary>The loss that the route names.</summary>
    public Loss Loss { get; }

    /// <summary>The tensors by their members' names: logits, probabilities, log_probabilities, labels, sample_weight, mask.</summary>
    public Dictionary<string, Tensor> Tensors { get; } = [];

    /// <summary>The members whose tensors came as bytes: they have a dtype of their own, and no text inside to point at.</summary>
    public IReadOnlySet<string> Encoded => _encoded ?? (IReadOnlySet<string>)FrozenSet<string>.Empty;

    /// <summary>The members that were posted, readable or not.</summary>
    public HashSet<string> Posted { get; } = [];

    /// <summary>What the reader could not make sense of.</summary>
    public Findings Findings { get; } = new();

    /// <summary>The first label that is not written as an integer; null where all are, or the format has typed tensors.</summary>
    public Finding? FirstRealLabel { get; set; }

    /// <summary>What to compute; null = the default.</summary>
    public Outputs? Outputs { get; set; }

    /// <summary>How the losses become one.</summary>
    public Reduction Reduction { get; set; }

    /// <summary>What a mean divides by.</summary>
    public MeanOver MeanOver { get; set; }

    /// <summary>How JSON numbers are held and results written.</summary>
    public DType DType { get; set; } = DType.Float32;

    /// <summary>Nats or bits.</summary>
    public Unit Unit { get; set; }

    /// <summary>How result tensors are written.</summary>
    public TensorEncoding TensorEncoding { get; set; }

    /// <summary>Echoed.</summary>
    public string? Id { get; set; }

    /// <summary>The posted options, each of its option's type.</summary>
    public Options Options => _options is null ? Options.None : new(_options);

    /// <summary>Whether no option was posted.</summary>
    public bool HasNoOptions => _options is null;

    /// <summary>Sets a posted option.</summary>
    public void Set(Option option, object? value) => (_options ??= [])[option.Name] = value;

    /// <summary>Notes a tensor that came as bytes.</summary>
    public void AddEncoded(string member) => (_encoded ??= []).Add(member);

    /// <summary>The batch that the request is, once it is found valid; it takes the tensors over.</summary>
    public Batch ToBatch(PredictionForm form) => new()
    {
        Form = form,
        Predictions = Tensors[Members.Of(form)],
        Labels = Tensors.GetValueOrDefault(Members.Labels),
        SampleWeight = Tensors.GetValueOrDefault(Members.SampleWeight),
        Mask = Tensors.GetValueOrDefault(Members.Mask),
        Outputs = Outputs ?? (Reduction == Reduction.None ? Core.Outputs.Losses : Core.Outputs.Loss),
        Reduction = Reduction,
        MeanOver = MeanOver,
        Unit = Unit,
        Options = Options,
    };

    /// <summary>Forgets everything that was read but the dtype.</summary>
    public void Clear()
    {
        Dispose();
        Tensors.Clear();
        Posted.Clear();
        Findings.Clear();
        (_options, _encoded) = (null, null);
        (Outputs, Reduction, MeanOver, Unit, TensorEncoding, Id, FirstRealLabel) = (null, default, default, default, default, null, null);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in Tensors.Values) tensor.Dispose();
    }
}
