using FluentValidation;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Requests;

/// <summary>
/// What stands inside the tensors, checked as whole spans: rows of predictions and labels that are kept, and weights. Rows
/// that are masked or ignored are not looked at.
/// </summary>
internal static class ValueRules
{
    public static void Check(ScoreRequest request, ValidationContext<ScoreRequest> context)
    {
        using var rows = new RowReader(request);
        var findings = new RequestErrors();
        WeightValues.Check(request, findings);
        if (rows.Labels is { } labels) LabelValues.Check(request, rows, labels, findings);
        // a label out of range makes "kept" undecided: first things first
        if (findings.Total == 0) PredictionValues.Check(request, rows, findings);
        context.Note(findings);
    }
}

/// <summary>The predictions and labels of a request, a row at a time: K classes, or a stretch of binary elements.</summary>
internal sealed class RowReader : IDisposable
{
    private readonly long[]? _ignored;
    private readonly Tensor? _mask;
    private readonly double[] _row;

    public RowReader(ScoreRequest request)
    {
        Form = request.Form()!.Value;
        Predictions = request.Tensors[Fields.Of(Form)];
        Labels = request.Tensors.GetValueOrDefault(Fields.Labels);
        IsCategorical = request.Loss.Kind == LossKind.Categorical;
        Width = IsCategorical ? Predictions.Shape.Last : (int)long.Min(Predictions.Count, 1024);
        HasIndices = IsCategorical && Labels is not null && Labels.Shape.Rank < Predictions.Shape.Rank;
        _mask = request.Tensors.GetValueOrDefault(Fields.Mask);
        _ignored = request.Options.Names.Contains("ignore_index") ? (long[]?)request.Options.Get(request.Loss.Options.First(option => option.Name == "ignore_index")) : null;
        _row = System.Buffers.ArrayPool<double>.Shared.Rent(Width);
    }

    /// <summary>What the predictions are.</summary>
    public PredictionForm Form { get; }

    /// <summary>The predictions.</summary>
    public Tensor Predictions { get; }

    /// <summary>The labels.</summary>
    public Tensor? Labels { get; }

    /// <summary>Whether a row is a sample; otherwise each element is.</summary>
    public bool IsCategorical { get; }

    /// <summary>Whether the labels are class indices.</summary>
    public bool HasIndices { get; }

    /// <summary>The elements of a row.</summary>
    public int Width { get; }

    /// <summary>Whether every sample counts, so nobody need ask.</summary>
    public bool KeepsAll => _mask is null && _ignored is null;

    /// <summary>The number of rows; the last of a binary batch may be short.</summary>
    public long Count => (Predictions.Count + Width - 1) / Width;

    /// <summary>Row <paramref name="row"/> of a tensor in the predictions' shape; valid until the next is read.</summary>
    public Span<double> Read(Tensor tensor, long row)
    {
        var start = row * Width;
        var span = _row.AsSpan(0, (int)long.Min(Width, tensor.Count - start));
        tensor.Read(start, span);
        return span;
    }

    /// <summary>Where in a member of the predictions' shape a row stands.</summary>
    public Address AddressOf(string member, long row) => new(member, Predictions.Shape.Position(row * Width)[..^1]);

    /// <summary>Whether a sample counts: neither masked nor ignored.</summary>
    public bool IsKept(long sample) => (_mask is null || _mask.Integer(sample) != 0) && (_ignored is null || !IsIgnored(sample));

    private bool IsIgnored(long sample)
    {
        if (IsCategorical) return Array.IndexOf(_ignored!, Labels!.Integer(sample)) >= 0;
        Span<double> label = [0];
        Labels!.Read(sample, label);
        foreach (var ignored in _ignored!)
            if (label[0] == ignored) return true;
        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => System.Buffers.ArrayPool<double>.Shared.Return(_row);
}

/// <summary>Sample weights: finite, and not negative where the mean divides by their sum.</summary>
internal static class WeightValues
{
    public static void Check(ScoreRequest request, RequestErrors findings)
    {
        if (!request.Tensors.TryGetValue(Fields.SampleWeight, out var weights)) return;
        var divides = request is { Reduction: Reduction.Mean, MeanOver: MeanOver.Weight };
        Span<double> weight = [0];
        for (long i = 0; i < weights.Count; i++)
        {
            weights.Read(i, weight);
            var value = weight[0];
            if (!double.IsFinite(value)) RefuseNonFinite(value, At(i), findings);
            else if (value < 0 && divides) RefuseNegative(value, At(i), findings);
        }
        Address At(long i) => new(Fields.SampleWeight, weights.Shape.Position(i));
    }

    private static void RefuseNonFinite(double weight, Address address, RequestErrors findings) =>
        findings.Add(address, () => $"a sample weight is a finite number, not {PredictionValues.Text(weight)}");

    private static void RefuseNegative(double weight, Address address, RequestErrors findings) =>
        findings.Add(address, () => $"the weighted mean divides by the sum of the weights, so {PredictionValues.Text(weight)} may not be negative; mean_over \"samples\" and reduction \"sum\" take negative weights");
}
