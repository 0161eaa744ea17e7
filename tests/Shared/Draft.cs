using System.Collections.Immutable;
using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Tests.Shared;

/// <summary>A batch as plain arrays, which a test can take apart and put together otherwise before it is scored or written.</summary>
internal sealed record Draft
{
    public required Loss Loss { get; init; }

    public PredictionForm Form { get; init; }

    public DType DType { get; init; } = DType.Float64;

    /// <summary>The predictions are [Rows, Classes]; for a binary loss every element of that is a sample.</summary>
    public int Rows { get; init; } = 1;

    public required int Classes { get; init; }

    /// <summary>Row by row, whatever <see cref="ClassAxis"/> is.</summary>
    public required double[] Predictions { get; init; }

    /// <summary>Where the batch has the classes of a categorical loss: 0 = [Classes, Rows], 1 = […, Classes, …]; null = last.</summary>
    public int? ClassAxis { get; init; }

    public LabelForm LabelForm { get; init; } = LabelForm.Dense;

    /// <summary>One index a row, or one number a prediction; null for a loss without labels.</summary>
    public double[]? Labels { get; init; }

    /// <summary>How labels are held; null = indices as int64, others as the predictions.</summary>
    public DType? LabelDType { get; init; }

    public double[]? SampleWeight { get; init; }

    public bool[]? Mask { get; init; }

    /// <summary>The options that are set, each with a value of its option's type.</summary>
    public ImmutableDictionary<Option, object?> Options { get; init; } = ImmutableDictionary<Option, object?>.Empty;

    public Reduction Reduction { get; init; }

    public MeanOver MeanOver { get; init; }

    /// <summary>What a mean divides by in place of that; not read by another reduction.</summary>
    public double? Divisor { get; init; }

    public Unit Unit { get; init; }

    /// <summary>Whether the formulas score it whether it is valid or not; otherwise <see cref="LossService.Core.Scorer"/> does.</summary>
    public bool IsUnchecked { get; init; }

    /// <summary>Whether every row is computed in double-double.</summary>
    public bool IsExact { get; init; }

    /// <summary>What the labels hold, as a batch says it.</summary>
    public TargetForm Target => LabelForm switch
    {
        LabelForm.Logits => TargetForm.Logits,
        LabelForm.LogProbabilities => TargetForm.LogProbabilities,
        _ => TargetForm.Labels,
    };

    public bool IsBinary => Loss.Kind == LossKind.Binary;

    /// <summary>The predictions of one sample.</summary>
    public int Width => IsBinary ? 1 : Classes;

    public int Samples => Predictions.Length / Width;

    /// <summary>The divisor, where the reduction takes one.</summary>
    public double? MeanDivisor => Reduction == Reduction.Mean ? Divisor : null;

    /// <summary>Every output that the loss has under this reduction.</summary>
    public OutputSet AllOutputs => Loss.Outputs.Aggregate(OutputSet.None, (set, output) => set | output.Flag)
        & ~(Reduction == Reduction.None ? OutputSet.Loss : 0);

    public Draft With(Option option, object? value) => this with { Options = Options.SetItem(option, value) };

    /// <summary>Sets the option of this name, which the loss must have.</summary>
    public Draft With(string option, object? value) => With(Loss.Options.Single(own => own.Name == option), value);

    public Draft Without(params string[] options) =>
        this with { Options = Options.RemoveRange(Options.Keys.Where(option => options.Contains(option.Name))) };

    /// <summary>The value of an option that is set; null where it is not.</summary>
    public object? ValueOf(string name) => Options.FirstOrDefault(option => option.Key.Name == name).Value;

    /// <summary>The same labels for predictions of another form, without the options that do not go with it.</summary>
    public Draft WithPredictions(PredictionForm form, IEnumerable<double> predictions) => this with
    {
        Form = form,
        Predictions = [.. predictions],
        Options = Options.RemoveRange(Options.Keys.Where(option => (option.OnlyWith ?? form) != form)),
    };

    /// <summary>The draft of these rows alone, in this order.</summary>
    public Draft Take(params int[] rows) => this with
    {
        Rows = rows.Length,
        Predictions = Pick(Predictions, rows)!,
        Labels = Pick(Labels, rows),
        SampleWeight = Pick(SampleWeight, rows),
        Mask = Pick(Mask, rows),
    };

    /// <summary>The part of a result or tensor that belongs to these rows.</summary>
    public T[]? Pick<T>(T[]? values, params int[] rows)
    {
        if (values is null) return null;
        var each = values.Length / Rows;
        return [.. rows.SelectMany(row => values.AsSpan(row * each, each).ToArray())];
    }

    /// <summary>Whether a sample counts: it is not masked, and its label is not ignored.</summary>
    public bool IsKept(int sample)
    {
        if (Mask?[sample] == false) return false;
        var hasOneLabel = Labels is not null && (IsBinary || LabelForm == LabelForm.Indices);
        return !(hasOneLabel && ValueOf("ignore_index") is long[] ignored && ignored.Any(index => Labels![sample] == index));
    }

    /// <summary>Scores with the loss, the losses and the gradient asked for.</summary>
    public Scored Score() => Scored.Of(this, (OutputSet.Loss | OutputSet.Losses | OutputSet.Gradient) & AllOutputs);

    /// <summary>Scores with the gradient and the Hessian asked for.</summary>
    public Scored Curve() => Scored.Of(this, (OutputSet.Gradient | OutputSet.Hessian) & AllOutputs);

    /// <summary>Scores with everything asked for.</summary>
    public Scored Describe() => Scored.Of(this, AllOutputs);

    /// <summary>The numbers of rows in the order of a result in the predictions' shape, back in the order of rows.</summary>
    public double[] Unpost(double[] posted) => ClassAxis is null || posted.Length == 0 ? posted
        : [.. Enumerable.Range(0, posted.Length).Select(i => posted[Layout.GetElement(i / Classes, i % Classes)])];

    public Batch ToBatch(OutputSet outputs)
    {
        var layout = Layout;
        var samples = IsBinary ? layout.ClassesLast : layout.Samples;
        var options = ToValues(Options);
        if (!IsBinary && ClassAxis is { } axis) options.Set(SharedOptions.ClassAxis, axis);
        return new()
        {
            Form = Form,
            Predictions = TestTensor.Filled(DType, layout.Shape, Post(Predictions)),
            Labels = Labels is null ? null
                : LabelForm == LabelForm.Indices ? TestTensor.Filled(LabelDType ?? DType.Int64, samples, Labels)
                : TestTensor.Filled(LabelDType ?? DType, layout.Shape, Post(Labels)),
            LabelForm = Target,
            SampleWeight = SampleWeight is null ? null : TestTensor.Filled(DType, samples, SampleWeight),
            Mask = Mask is null ? null : TestTensor.Filled(DType.Bool, samples, [.. Mask.Select(Convert.ToDouble)]),
            Outputs = outputs,
            Reduction = Reduction,
            MeanOver = MeanOver,
            Divisor = MeanDivisor,
            Unit = Unit,
            Options = options,
            UsesKernels = !IsExact,
        };
    }

    /// <summary>Where the batch has the classes.</summary>
    public ClassLayout Layout
    {
        get
        {
            var first = Rows % 3 == 0 ? 3 : Rows % 2 == 0 ? 2 : 1;
            return ClassAxis switch
            {
                null => new(new(Rows, Classes)),
                0 => new(new(Classes, Rows), 0),
                _ => new(new(first, Classes, Rows / first), 1),
            };
        }
    }

    /// <summary>The numbers of rows in the order that the batch has them in.</summary>
    public double[] Post(double[] rows)
    {
        if (ClassAxis is null) return rows;
        var posted = new double[rows.Length];
        for (var i = 0; i < rows.Length; i++) posted[Layout.GetElement(i / Classes, i % Classes)] = rows[i];
        return posted;
    }

    /// <summary>The one place of the tests where option values are made.</summary>
    public static OptionValues ToValues(IEnumerable<KeyValuePair<Option, object?>> options)
    {
        var values = new OptionValues();
        foreach (var (option, value) in options)
        {
            switch (option, value)
            {
                case (Option<double> typed, double number): values.Set(typed, number); break;
                case (Option<double?> typed, double number): values.Set(typed, number); break;
                case (Option<double?> typed, null): values.Set(typed, null); break;
                case (Option<int> typed, int integer): values.Set(typed, integer); break;
                case (Option<double[]?> typed, double[] numbers): values.Set(typed, numbers); break;
                case (Option<long[]?> typed, long[] integers): values.Set(typed, integers); break;
                case (Option<bool> typed, bool flag): values.Set(typed, flag); break;
                case (Option<string> typed, string word): values.Set(typed, word); break;
                default: throw new InvalidOperationException($"{option.Name} takes no {value ?? "null"}.");
            }
        }
        return values;
    }

    public override string ToString() =>
        $"{Loss.Name} of {Form} {DType} [{Rows}, {Classes}], {LabelForm} ["
        + string.Join(", ", Predictions.Take(24)) + "] labels [" + string.Join(", ", Labels?.Take(24) ?? []) + "] "
        + string.Join(", ", Options.Select(option => $"{option.Key.Name} = {Text(option.Value)}"))
        + (SampleWeight is null ? "" : ", weighted") + (Mask is null ? "" : ", masked")
        + (ClassAxis is null ? "" : $", classes on axis {ClassAxis}")
        + $", {Reduction} over {MeanDivisor?.ToString() ?? $"{MeanOver}"}";

    private static string Text(object? value) =>
        value is Array list ? "[" + string.Join(", ", list.Cast<object>()) + "]" : $"{value ?? "null"}";
}
