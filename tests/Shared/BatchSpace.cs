using System.Collections.Immutable;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Tests.Shared;

/// <summary>Which batches a test wants drawn. Where several values are named, each is as likely as the others.</summary>
internal sealed record BatchSpace
{
    /// <summary>Small batches of everything that a loss takes.</summary>
    public static BatchSpace Everything { get; } = new();

    /// <summary>The forms of predictions; empty = all that the loss takes.</summary>
    public ImmutableArray<PredictionForm> Forms { get; init; } = [];

    /// <summary>The forms of labels; empty = all that the loss takes.</summary>
    public ImmutableArray<LabelForm> LabelForms { get; init; } = [];

    public ImmutableArray<DType> DTypes { get; init; } = [DType.Float32, DType.Float64];

    public (int Min, int Max) Rows { get; init; } = (1, 9);

    public (int Min, int Max) Classes { get; init; } = (1, 19);

    /// <summary>How far from 0 the logits of a row may lie; each row has one of these.</summary>
    public ImmutableArray<double> Scales { get; init; } = [1e-3, 1, 30, 700];

    /// <summary>How likely a logit is special: infinite, −0, far beyond the scale, or an integer that others equal.</summary>
    public double SpecialChance { get; init; }

    /// <summary>Whether dense labels may be between 0 and 1, where the loss takes such.</summary>
    public bool HasSoftLabels { get; init; } = true;

    public ImmutableArray<Reduction> Reductions { get; init; } = [.. Enum.GetValues<Reduction>()];

    /// <summary>How likely each option of the loss is set.</summary>
    public double OptionChance { get; init; } = 1.0 / 3;

    /// <summary>How likely a mean has a divisor of the client's.</summary>
    public double DivisorChance { get; init; } = 0.125;

    public double WeightChance { get; init; } = 0.5;

    public double MaskChance { get; init; } = 0.5;

    /// <summary>
    /// How likely the classes of a batch that a test scores in process are on the first axis, or on one in the middle; what a test writes
    /// for the service has them on the last.
    /// </summary>
    public double ClassAxisChance { get; init; } = 0.25;

    /// <summary>Batches of one size.</summary>
    public BatchSpace OfSize(int rows, int classes) => this with { Rows = (rows, rows), Classes = (classes, classes) };
}
