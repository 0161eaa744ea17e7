using System.Collections.Immutable;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Outputs;

namespace LossService.Requests;

/// <summary>The names on the wire of what is the same for every loss.</summary>
public static class Fields
{
    /// <summary>Class indices or dense targets.</summary>
    public const string Labels = "labels";

    /// <summary>A weight for each sample.</summary>
    public const string SampleWeight = "sample_weight";

    /// <summary>Booleans: which samples are kept.</summary>
    public const string Mask = "mask";

    /// <summary>What to compute.</summary>
    public const string Outputs = "outputs";

    /// <summary>How the losses become one.</summary>
    public const string Reduction = "reduction";

    /// <summary>What a mean divides by.</summary>
    public const string MeanOver = "mean_over";

    /// <summary>How JSON numbers are held.</summary>
    public const string DType = "dtype";

    /// <summary>Nats or bits.</summary>
    public const string Unit = "unit";

    /// <summary>Result tensors as arrays or as base64.</summary>
    public const string TensorEncoding = "tensor_encoding";

    /// <summary>Any string, echoed.</summary>
    public const string Id = "id";

    /// <summary>The three forms of predictions.</summary>
    public static ImmutableArray<string> Predictions { get; } = ["logits", "probabilities", "log_probabilities"];

    /// <summary>The members that are tensors.</summary>
    public static ImmutableArray<string> Tensors { get; } = [.. Predictions, Labels, SampleWeight, Mask];

    /// <summary>The members of the header that every loss has.</summary>
    public static ImmutableArray<string> Header { get; } = [Outputs, Reduction, MeanOver, DType, Unit, TensorEncoding, Id];

    /// <summary>The outputs, by name.</summary>
    public static WireNames<OutputSet> OutputNames { get; } = new();

    /// <summary>The reductions, by name.</summary>
    public static WireNames<Reduction> Reductions { get; } = new();

    /// <summary>What a mean divides by, by name.</summary>
    public static WireNames<MeanOver> MeanOvers { get; } = new();

    /// <summary>The units, by name.</summary>
    public static WireNames<Unit> Units { get; } = new();

    /// <summary>The encodings of result tensors, by name.</summary>
    public static WireNames<TensorEncoding> TensorEncodings { get; } = new();

    /// <summary>The member of a form of predictions.</summary>
    public static string Of(PredictionForm form) => Predictions[(int)form];

    /// <summary>The outputs that <paramref name="loss"/> has: metrics compare with labels, so it must take some.</summary>
    public static IEnumerable<string> OutputsOf(Loss loss) =>
        loss.Labels == LabelRule.None ? OutputNames.All.Where(name => name != WireName.Of(OutputSet.Metrics)) : OutputNames.All;

    /// <summary>Every member a request for <paramref name="loss"/> may have.</summary>
    public static IEnumerable<string> For(Loss loss) =>
        [.. loss.Accepts.Select(Of), Labels, SampleWeight, Mask, .. Header, .. loss.Options.Select(option => option.Name)];
}
