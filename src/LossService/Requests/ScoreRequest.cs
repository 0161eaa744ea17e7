using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Core.Validation;

namespace LossService.Requests;

/// <summary>
/// What a client posted, in no format's terms: a header, options and tensors. A format fills it; the scoring checks
/// and scores it.
/// </summary>
public sealed class ScoreRequest : IDisposable
{
    private readonly Tensor?[] _tensors = new Tensor?[Fields.Tensors.Length];
    private int _encoded;

    /// <summary>A request for the given loss.</summary>
    public ScoreRequest(Loss loss, Allowance? allowance = null) => (Loss, Allowance) = (loss, allowance ?? Allowance.Default);

    /// <summary>What it may use.</summary>
    public Allowance Allowance { get; }

    /// <summary>The loss that the route names.</summary>
    public Loss Loss { get; }

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
    public IEnumerable<TargetForm> LabelForms => Enum.GetValues<TargetForm>().Where(form => this[GetField(form)] is not null);

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
    public Batch ToBatch(PredictionForm form) => ToBatch(form, LabelForms.FirstOrDefault());

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

    /// <summary>Forgets everything that was read but the dtype.</summary>
    public void Clear()
    {
        Dispose();
        Array.Clear(_tensors);
        Posted.Clear();
        Errors.Clear();
        if (Options.Given.Count > 0) Options = new();
        (Divisor, ResultDType, Notices) = (null, null, []);
        (_encoded, Outputs, Reduction, MeanOver, Unit, TensorEncoding, Id) = (0, null, default, default, default, default, null);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _tensors) tensor?.Dispose();
    }
}
