using System.Collections.Frozen;
using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Requests;

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
    public RequestErrors RequestErrors { get; } = new();

    /// <summary>The first label that is not written as an integer; null where all are, or the format has typed tensors.</summary>
    public RequestError? FirstRealLabel { get; set; }

    /// <summary>What to compute; null = the default.</summary>
    public OutputSet? Outputs { get; set; }

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
    public OptionValues Options => _options is null ? OptionValues.None : new(_options);

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
        Predictions = Tensors[Fields.Of(form)],
        Labels = Tensors.GetValueOrDefault(Fields.Labels),
        SampleWeight = Tensors.GetValueOrDefault(Fields.SampleWeight),
        Mask = Tensors.GetValueOrDefault(Fields.Mask),
        Outputs = Outputs ?? (Reduction == Reduction.None ? OutputSet.Losses : OutputSet.Loss),
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
        RequestErrors.Clear();
        (_options, _encoded) = (null, null);
        (Outputs, Reduction, MeanOver, Unit, TensorEncoding, Id, FirstRealLabel) = (null, default, default, default, default, null, null);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in Tensors.Values) tensor.Dispose();
    }
}
