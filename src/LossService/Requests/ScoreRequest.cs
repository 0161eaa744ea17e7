using System.Collections.Immutable;
using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Core.Validation;
using LossService.Telemetry;

namespace LossService.Requests;

/// <summary>
/// What a client posted, in no format's terms: a header, options and tensors. A format fills it; the scoring checks
/// and scores it.
/// </summary>
public sealed class ScoreRequest : IDisposable
{
    // the framework copies the values of an enumeration for whoever asks for them
    private static readonly TargetForm[] EachTargetForm = Enum.GetValues<TargetForm>();

    private readonly Tensor?[] _tensors = new Tensor?[Fields.Tensors.Length];
    private int _encoded;

    private readonly Loss? _loss;

    /// <summary>A request for the given loss, or for several, which it names itself.</summary>
    public ScoreRequest(Loss? loss, Allowance? allowance = null) => (_loss, Allowance) = (loss, allowance ?? Allowance.Default);

    /// <summary>What it may use.</summary>
    public Allowance Allowance { get; }

    /// <summary>The loss that the route names.</summary>
    /// <exception cref="InvalidOperationException">The request has several losses.</exception>
    public Loss Loss => _loss ?? throw new InvalidOperationException("A request with several losses has one in each of its entries.");

    /// <summary>Whether the request names its losses, of which it may have several, in <see cref="Entries"/>.</summary>
    public bool HasSeveral => _loss is null;

    /// <summary>The losses of a request with several: requests for one loss each, without tensors and shared fields.</summary>
    public IReadOnlyList<ScoreRequest> Entries { get; set; } = [];

    /// <summary>What this is among the entries of a request; null for the request itself.</summary>
    public RequestEntry? Entry { get; init; }

    /// <summary>Whether the weighted sum of the losses is asked for.</summary>
    public bool IsCombined { get; set; }

    /// <summary>The names of the header's fields.</summary>
    public ImmutableArray<string> Header => HasSeveral ? Fields.HeaderOfSeveral : Fields.Header;

    /// <summary>The options that are fields of the request itself.</summary>
    public IReadOnlyList<Option> OwnOptions => _loss?.Options ?? [];

    /// <summary>Whether labels may be booleans: of the categorical losses, those with rows of 0 and 1 or of relevances do.</summary>
    public bool TakesBooleanLabels => HasSeveral
        ? Entries.Count > 0 && Entries.All(entry => entry.TakesBooleanLabels || entry.Loss.Labels == LabelRule.None
            || entry.Entry!.LabelsFrom is not (null or TargetForm.Labels))
        : _loss!.Kind != LossKind.Categorical || _loss.Labels is LabelRule.Classes or LabelRule.Relevance;

    /// <summary>Whether labels may be class indices: no binary loss reads them so.</summary>
    public bool TakesIndices => HasSeveral ? Entries.Any(entry => entry.TakesIndices) : _loss!.Kind != LossKind.Binary;

    /// <summary>Of this and its entries, the first for whose loss the labels have the shape of class indices; null = none.</summary>
    public ScoreRequest? FindIndexed() =>
        Predictions is not { Shape: { Rank: > 0 } shape } || this[TensorField.Labels] is not { } labels ? null
            : (HasSeveral ? Entries.Where(entry => FindLabels(entry) == TargetForm.Labels) : [this]).FirstOrDefault(
                request => request.Loss.Kind != LossKind.Binary
                    && labels.Shape == request.Loss.GetSampleShape(shape, request.Options));

    /// <summary>The option of a name among the fields of the request itself; null = none.</summary>
    public Option? FindOption(string name) => _loss?.FindOption(name);

    /// <summary>The names of the fields that were posted, readable or not.</summary>
    public HashSet<string> Posted { get; } = [];

    /// <summary>What is wrong so far.</summary>
    public RequestErrors Errors { get; } = new();

    /// <summary>The options of the loss that were posted.</summary>
    public OptionValues Options { get; private set; } = new();

    /// <summary>What to compute; null = the default.</summary>
    public OutputSet? Outputs { get; set; }

    /// <summary>How the losses become one.</summary>
    public Reduction Reduction { get; set; }

    /// <summary>What a mean divides by.</summary>
    public MeanOver MeanOver { get; set; }

    /// <summary>A number that a mean divides by in place of that.</summary>
    public double? Divisor { get; set; }

    /// <summary>How JSON numbers are held.</summary>
    public DType DType { get; set; } = DType.Float32;

    /// <summary>The dtype of the results, where the client named one; null = that of the predictions.</summary>
    public DType? ResultDType { get; set; }

    /// <summary>Nats or bits.</summary>
    public Unit Unit { get; set; }

    /// <summary>How result tensors are written.</summary>
    public TensorEncoding TensorEncoding { get; set; }

    /// <summary>The client's name for the request, which the response repeats.</summary>
    public string? Id { get; set; }

    /// <summary>What is probably a mistake, once the request is scored.</summary>
    public IReadOnlyList<BatchNotice> Notices { get; set; } = [];

    /// <summary>The form of the posted predictions; null where there are none, or several.</summary>
    public PredictionForm? Form
    {
        get
        {
            PredictionForm? found = null;
            for (var form = PredictionForm.Logits; form <= PredictionForm.LogProbabilities; form++)
            {
                if (_tensors[(int)form] is null) continue;
                if (found is not null) return null;
                found = form;
            }
            return found;
        }
    }

    /// <summary>The forms of the posted labels, in order.</summary>
    public IEnumerable<TargetForm> LabelForms => EachTargetForm.Where(form => this[GetField(form)] is not null);

    /// <summary>The first of <see cref="LabelForms"/>; the default where there are none.</summary>
    public TargetForm FirstLabelForm => Array.Find(EachTargetForm, form => this[GetField(form)] is not null);

    /// <summary>The posted predictions; null where there are none, or several.</summary>
    public Tensor? Predictions => Form is { } form ? _tensors[(int)form] : null;

    /// <summary>A tensor, or null. The request owns it.</summary>
    public Tensor? this[TensorField field]
    {
        get => _tensors[(int)field];
        set => _tensors[(int)field] = value;
    }

    /// <summary>Marks a tensor that came as bytes: it has a dtype of its own, and a JSON Pointer cannot lead to an element.</summary>
    public void MarkEncoded(TensorField field) => _encoded |= 1 << (int)field;

    /// <summary>Whether a tensor came as bytes.</summary>
    public bool IsEncoded(TensorField field) => (_encoded & (1 << (int)field)) != 0;

    /// <summary>The field of labels of a form.</summary>
    public static TensorField GetField(TargetForm form) => TensorField.Labels + (int)form;

    /// <summary>The request as a batch, with the labels of the first form posted. The tensors stay the request's.</summary>
    public Batch ToBatch(PredictionForm form) => ToBatch(form, FirstLabelForm);

    private Batch ToBatch(PredictionForm form, TargetForm labels) => new()
    {
        Form = form,
        Predictions = _tensors[(int)form]!,
        Labels = this[GetField(labels)],
        LabelForm = labels,
        LabelIndices = this[TensorField.LabelIndices],
        SampleWeight = this[TensorField.SampleWeight],
        Mask = this[TensorField.Mask],
        Outputs = Outputs,
        Reduction = Reduction,
        MeanOver = MeanOver,
        Divisor = Divisor,
        Unit = Unit,
        ResultDType = ResultDType,
        Options = Options,
        Memory = Allowance.Memory,
    };

    /// <summary>Which labels an entry reads: those that it says, or the only ones there are; null = none.</summary>
    public TargetForm? FindLabels(ScoreRequest entry)
    {
        if (entry.Loss.Labels == LabelRule.None) return null;
        var forms = LabelForms.Select(form => (TargetForm?)form).ToArray();
        var named = entry.Entry!.LabelsFrom;
        // in JSON, sparse rows are a form of labels
        if (named == TargetForm.Labels && !forms.Contains(named)) named = forms.FirstOrDefault(form => form!.Value.IsSparse()) ?? named;
        return named ?? forms.FirstOrDefault();
    }

    /// <summary>The samples that were scored; null for several losses, for each of which they are counted here.</summary>
    public long? CountSamples(ScoreSet scores)
    {
        if (!HasSeveral) return scores.Single.Totals.Samples;
        foreach (var (entry, scored) in Entries.Zip(scores.Entries)) ServiceMeter.CountSamples(entry.Loss.Name, scored.Totals.Samples);
        return null;
    }

    /// <summary>Forgets everything that was read but the dtype.</summary>
    public void Clear()
    {
        Dispose();
        Array.Clear(_tensors);
        Posted.Clear();
        Errors.Clear();
        if (Options.Given.Count > 0) Options = new();
        (Divisor, ResultDType, Notices) = (null, null, []);
        (Entries, IsCombined) = ([], false);
        (_encoded, Outputs, Reduction, MeanOver, Unit, TensorEncoding, Id) = (0, null, default, default, default, default, null);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _tensors) tensor?.Dispose();
    }
}
