using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Requests;

namespace LossService.Tests.Shared.Hostile;

/// <summary>
/// A batch in no format: it is plain at first, with a size from nothing to all that its room holds, and any part of it may be hostile.
/// </summary>
internal sealed class HostileBatch
{
    private static readonly string[] Foreign =
        ["y_true", "y_pred", "weight", "from_logits", "bce", "pos_weight", "target", "input", "label", "logit", "Labels", "__proto__", ""];

    private static readonly Option[] AllOptions =
        [.. LossCatalogue.All.SelectMany(loss => loss.Options).DistinctBy(option => option.Name)];

    private readonly Choices _choices;
    private readonly int _room;
    private int _rows;
    private int _classes;

    private HostileBatch(Choices choices, int room)
    {
        (_choices, _room) = (choices, room);
        Loss = LossCatalogue.All[choices.Below(LossCatalogue.All.Count)];
        DrawTensors();
        Outputs = DrawOutputs();
        for (var more = choices.Below(8) - 4; more > 0; more--) DrawMember();
    }

    /// <summary>What scores it.</summary>
    public Loss Loss { get; }

    /// <summary>Its tensors by name, in order; a name may come twice.</summary>
    public List<(string Name, HostileTensor Tensor)> Tensors { get; } = [];

    /// <summary>Its other members by name, each with a value as JSON.</summary>
    public List<(string Name, BodyText Value)> Members { get; } = [];

    /// <summary>The outputs that it asks for; null = it does not say.</summary>
    public IReadOnlyList<string>? Outputs { get; }

    /// <summary>Draws a batch of at most about <paramref name="room"/> bytes of JSON.</summary>
    public static HostileBatch Draw(Choices choices, int room) => new(choices, room);

    private bool IsBinary => Loss.Kind == LossKind.Binary;

    private void DrawTensors()
    {
        var cells = 1 + _choices.Size(_room / 8);
        _classes = _choices.OneIn(8) ? 1 + _choices.Size(cells) : Math.Max(2, _choices.Size(cells));
        _rows = Math.Max(1, cells / _classes);
        var form = Loss.Accepts[_choices.Below(Loss.Accepts.Count)];
        var axes = DrawAxes();
        var samples = IsBinary ? axes : axes[..^1];
        var predictions = Deviate(Of(form, axes));
        Tensors.Add((form.Name(), predictions));
        if (_choices.OneIn(6) && (Loss.LabelForms.Count > 1 || _choices.OneIn(8)))
            Tensors.Add((TargetForm.Logits.Name(), Deviate(Of(PredictionForm.Logits, axes))));
        else if (Loss.Labels != LabelRule.None || _choices.OneIn(16))
            Tensors.Add((Fields.Labels, Deviate(IsBinary || !_choices.OneIn(4) ? new(samples, "0", "0") : new(axes, "1", "0"))));
        if (_choices.OneIn(4)) Tensors.Add((Fields.SampleWeight, Deviate(new(Leading(samples), _choices.Of("1", "0", "1e-300"), "0.5"))));
        if (_choices.OneIn(4)) Tensors.Add((Fields.Mask, Deviate(new(Leading(samples), _choices.Of("true", "false", "1"), "true"))));
        if (_choices.OneIn(16)) Tensors.Add(Tensors[_choices.Below(Tensors.Count)]);
        if (_choices.OneIn(16)) Tensors.RemoveAt(_choices.Below(Tensors.Count));
        if (_choices.OneIn(4)) Tensors.Reverse();
    }

    private HostileTensor Of(PredictionForm form, int[] axes) => form switch
    {
        PredictionForm.Logits => _choices.Below(5) switch
        {
            0 => new(axes, "0", "0"),
            1 => new(axes, "1", "-2"),
            2 => new(axes, "1000", "-1e30"),
            3 => new(axes, "0.12345678901234567", "1e-300"),
            _ => new(axes, "0", "\"-Infinity\""),
        },
        PredictionForm.Probabilities => new(axes, "1", IsBinary ? _choices.Of("0.5", "0", "1e-320") : "0"),
        _ => new(axes, "0", _choices.Of("-1000", "\"-Infinity\"")),
    };

    /// <summary>The axes of the predictions: rows × classes, more axes before them, or none but them.</summary>
    private int[] DrawAxes() => _choices.Below(8) switch
    {
        0 or 1 or 2 => [_rows, _classes],
        3 when IsBinary => [_rows * _classes],
        4 => [1, _rows, _classes],
        5 => [.. Enumerable.Repeat(1, _choices.Near(30)), _rows, _classes],
        6 => [.. Enumerable.Repeat(2, Math.Min(30, (int)Math.Log2(_rows))), _classes],
        7 when _choices.OneIn(2) => [_rows, _choices.Of(0, _classes), _choices.Of(_classes, 0)],
        _ => [_rows, _classes],
    };

    /// <summary>The samples' shape, or a leading part of it.</summary>
    private int[] Leading(int[] samples) => _choices.OneIn(4) ? samples[..Math.Min(samples.Length, 1)] : samples;

    /// <summary>Makes a tensor hostile, in one case of eight: another shape, another element, one at the end.</summary>
    private HostileTensor Deviate(HostileTensor tensor)
    {
        if (!_choices.OneIn(8)) return tensor;
        var odd = HostileValue.OddElements;
        return _choices.Below(6) switch
        {
            0 => tensor with { Last = _choices.Of<string>(odd) },
            1 => tensor with { Tail = _choices.Of<string>(odd) },
            2 => tensor with { Head = _choices.Of<string>(odd) },
            3 => tensor with { Axes = [.. tensor.Axes.Select(axis => _choices.OneIn(2) ? _choices.Near(axis + 1) : axis)] },
            4 => tensor with { Axes = [.. tensor.Axes, _choices.Of(0, 1, 2, 1000)] },
            _ => tensor with { Axes = [_choices.Size(_room)] },
        };
    }

    private List<string>? DrawOutputs()
    {
        var all = OutputCatalogue.All.Select(output => output.Name).ToArray();
        switch (_choices.Below(5))
        {
            case 1:
                var bits = _choices.Byte();
                return [.. all.Where((_, bit) => (bits >> bit & 1) != 0)];
            case 2:
                return [.. all];
            case 3:
                return [all[_choices.Below(all.Length)]];
            case 4 when _choices.OneIn(2):
                var name = _choices.Of("x", "loss", "losse", HostileValue.Name(_choices, _room / 4));
                return [.. Enumerable.Repeat(name, Math.Min(_choices.OneIn(2) ? _choices.Near(64) : _choices.Size(_room / 8),
                    _room / 4 / (name.Length + 3)))];
            default:
                return null;
        }
    }

    private void DrawMember()
    {
        var room = _room / 4;
        switch (_choices.Below(7))
        {
            case 0:
                if (Loss.Options.Count > 0) AddOption(Loss.Options[_choices.Below(Loss.Options.Count)], room);
                break;
            case 1:
                Members.Add(_choices.Below(6) switch
                {
                    0 => (Fields.Reduction, Word("none", "sum", "mean")),
                    1 => (Fields.DType, Word("float64", "float32")),
                    2 => (Fields.Unit, Word("nats", "bits")),
                    3 => (Fields.MeanOver, Word("samples", "weight")),
                    4 => (Fields.TensorEncoding, Word("base64", "json")),
                    _ => (Fields.Id, Word(HostileValue.Name(_choices, room))),
                });
                break;
            case 2:
                Members.Add((Fields.Header[_choices.Below(Fields.Header.Length)], HostileValue.Any(_choices, room)));
                break;
            case 3:
                Members.Add((_choices.Of<string>(Foreign), HostileValue.Any(_choices, _choices.OneIn(4) ? room : 8)));
                break;
            case 4:
                AddOption(AllOptions[_choices.Below(AllOptions.Length)], room);
                break;
            case 5:
                Members.Add((HostileValue.Name(_choices, room), HostileValue.Any(_choices, 8)));
                break;
            default:
                AddMany(room);
                break;
        }
    }

    private void AddOption(Option option, int room) => Members.Add((option.Name, HostileValue.Of(option, _classes, _choices, room)));

    private BodyText Word(params ReadOnlySpan<string> words) => new BodyText(_room).Add($"\"{_choices.Of(words)}\"");

    /// <summary>Adds many members: unknown ones, all alike or all different, or one that there is.</summary>
    private void AddMany(int room)
    {
        var count = Math.Min(_choices.OneIn(2) ? _choices.Near(64) : _choices.Size(room / 8), 1 << 20);
        var name = _choices.Of("a", null, Fields.Id, Fields.Reduction, "label_smoothin");
        var value = new BodyText(8).Add("1");
        for (var i = 0; i < count; i++) Members.Add((name ?? $"m{i}", value));
    }
}
