using System.Collections.Immutable;
using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Core.Tests.Support;

/// <summary>A batch as plain arrays, which a law can take apart and put together otherwise before it is scored.</summary>
internal sealed record Draft
{
    public required Loss Loss { get; init; }

    public PredictionForm Form { get; init; }

    public DType DType { get; init; } = DType.Float64;

    /// <summary>The predictions are [Rows, Classes]; for a binary loss every element of that is a sample.</summary>
    public int Rows { get; init; } = 1;

    public required int Classes { get; init; }

    public required double[] Predictions { get; init; }

    /// <summary>One index a row, or one number a prediction; null for a loss without labels.</summary>
    public double[]? Labels { get; init; }

    /// <summary>Whether <see cref="TargetRows"/> are indices; otherwise they are dense.</summary>
    public bool HasIndices { get; init; }

    public double[]? SampleWeight { get; init; }

    public bool[]? Mask { get; init; }

    public ImmutableDictionary<string, object?> Options { get; init; } = ImmutableDictionary<string, object?>.Empty;

    public Reduction Reduction { get; init; }

    public MeanOver MeanOver { get; init; }

    public Unit Unit { get; init; }

    /// <summary>The predictions of one sample.</summary>
    public int Width => Loss.Kind == LossKind.Categorical ? Classes : 1;

    public int Samples => Predictions.Length / Width;

    public Draft With(Option option, object? value) => this with { Options = Options.SetItem(option.Name, value) };

    public Draft With(string option, object? value) => this with { Options = Options.SetItem(option, value) };

    public Draft Without(string option) => this with { Options = Options.Remove(option) };

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

    public Scored Score()
    {
        var outputs = OutputSet.Loss | OutputSet.Losses | OutputSet.Gradient;
        using var batch = ToBatch(outputs);
        using var scores = Loss.Score(batch, TestContext.Current.CancellationToken);
        return Scored.From(scores);
    }

    /// <summary>Scores with everything asked for.</summary>
    public Scored Describe()
    {
        using var batch = ToBatch((OutputSet)255);
        using var scores = Loss.Score(batch, TestContext.Current.CancellationToken);
        return Scored.From(scores);
    }

    public Batch ToBatch(OutputSet outputs)
    {
        var dense = new Shape(Rows, Classes);
        var samples = Width == 1 && Loss.Kind == LossKind.Binary ? dense : new Shape(Rows);
        return new()
        {
            Form = Form,
            Predictions = Filled(DType, dense, Predictions)!,
            Labels = Filled(HasIndices ? DType.Int64 : DType, HasIndices ? samples : dense, Labels),
            SampleWeight = Filled(DType, samples, SampleWeight),
            Mask = Filled(DType.Bool, samples, Mask?.Select(Convert.ToDouble).ToArray()),
            Outputs = outputs,
            Reduction = Reduction,
            MeanOver = MeanOver,
            Unit = Unit,
            Options = ToValues(),
        };
    }

    public override string ToString() =>
        $"{Loss.Name} of {Form} {DType} [{Rows}, {Classes}], {(HasIndices ? "indices" : "dense")} ["
        + string.Join(", ", Predictions.Take(24)) + "] labels [" + string.Join(", ", Labels?.Take(24) ?? []) + "] "
        + string.Join(", ", Options.Select(option => $"{option.Key} = {Text(option.Value)}"))
        + (SampleWeight is null ? "" : ", weighted") + (Mask is null ? "" : ", masked") + $", {Reduction} over {MeanOver}";

    private OptionValues ToValues()
    {
        var values = new OptionValues();
        foreach (var (name, value) in Options)
        {
            // an option that the loss does not have stays away, as the formulas would not read it
            if (Loss.FindOption(name) is not { } option) continue;
            switch (option, value)
            {
                case (Option<double> o, double v): values.Set(o, v); break;
                case (Option<double?> o, _): values.Set(o, (double?)value); break;
                case (Option<int> o, int v): values.Set(o, v); break;
                case (Option<double[]?> o, _): values.Set(o, (double[]?)value); break;
                case (Option<long[]?> o, _): values.Set(o, (long[]?)value); break;
                case (Option<string> o, string v): values.Set(o, v); break;
                default: throw new InvalidOperationException($"{name} takes no {value}.");
            }
        }
        return values;
    }

    private static string Text(object? value) =>
        value is Array list ? "[" + string.Join(", ", list.Cast<object>()) + "]" : $"{value ?? "null"}";

    private static unsafe Tensor? Filled(DType dtype, Shape shape, double[]? values)
    {
        if (values is null) return null;
        var tensor = new Tensor(dtype, shape);
        if (dtype == DType.Bool)
            for (var i = 0; i < values.Length; i++) tensor.Data[i] = (byte)values[i];
        else
            tensor.Write(0, values);
        return tensor;
    }
}
