using System.Collections.Immutable;
using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Requests;

/// <summary>The names of the fields of a request that are the same for every loss.</summary>
public static class Fields
{
    /// <summary>Class indices or dense targets.</summary>
    public const string Labels = BatchField.Labels;

    /// <summary>A weight for each sample.</summary>
    public const string SampleWeight = BatchField.SampleWeight;

    /// <summary>Booleans: which samples are read.</summary>
    public const string Mask = BatchField.Mask;

    /// <summary>What to compute.</summary>
    public const string Outputs = BatchField.Outputs;

    /// <summary>How the losses become one.</summary>
    public const string Reduction = BatchField.Reduction;

    /// <summary>What a mean divides by.</summary>
    public const string MeanOver = BatchField.MeanOver;

    /// <summary>A number that a mean divides by in place of that.</summary>
    public const string Divisor = BatchField.Divisor;

    /// <summary>Nats or bits.</summary>
    public const string Unit = BatchField.Unit;

    /// <summary>How JSON numbers are held, and the results' dtype.</summary>
    public const string DType = BatchField.DType;

    /// <summary>Result tensors as arrays or as base64.</summary>
    public const string TensorEncoding = "tensor_encoding";

    /// <summary>Any string, which the response repeats.</summary>
    public const string Id = "id";

    /// <summary>Of a request with several losses: each of them by its name.</summary>
    public const string Losses = "losses";

    /// <summary>Whether a request with several losses gets their weighted sum.</summary>
    public const string Combined = "combined";

    /// <summary>Which loss an entry is, where its name is not that of the loss.</summary>
    public const string Loss = "loss";

    /// <summary>The factor of an entry's loss in the combined one.</summary>
    public const string Weight = LossEntry.WeightField;

    /// <summary>Which tensor has the labels of an entry.</summary>
    public const string LabelsFrom = "labels_from";

    /// <summary>The names of the tensors, in the order of <see cref="TensorField"/>.</summary>
    public static ImmutableArray<string> Tensors { get; } =
    [
        .. Enum.GetValues<PredictionForm>().Select(form => form.Name()), .. Enum.GetValues<TargetForm>().Select(form => form.Name()),
        BatchField.LabelIndices, SampleWeight, Mask,
    ];

    /// <summary>The names of the header's fields.</summary>
    public static ImmutableArray<string> Header { get; } = [Outputs, Reduction, MeanOver, Divisor, DType, Unit, TensorEncoding, Id];

    /// <summary>The names of the header's fields of a request with several losses.</summary>
    public static ImmutableArray<string> HeaderOfSeveral { get; } =
        [Losses, Combined, Outputs, Reduction, MeanOver, Divisor, DType, TensorEncoding, Id];

    /// <summary>The names of the fields of an entry that are not options of its loss.</summary>
    public static ImmutableArray<string> Entry { get; } = [Loss, Weight, LabelsFrom, Outputs, Unit];

    /// <summary>The reductions, by name.</summary>
    public static WireNames<Reduction> Reductions { get; } = new();

    /// <summary>What a mean divides by, by name.</summary>
    public static WireNames<MeanOver> MeanOvers { get; } = new();

    /// <summary>The units, by name.</summary>
    public static WireNames<Unit> Units { get; } = new();

    /// <summary>The encodings of result tensors, by name.</summary>
    public static WireNames<TensorEncoding> TensorEncodings { get; } = new();

    /// <summary>The name of a tensor.</summary>
    public static string GetName(TensorField field) => Tensors[(int)field];

    /// <summary>The tensor of a name.</summary>
    public static bool TryFindTensor(string name, out TensorField field)
    {
        var index = Tensors.IndexOf(name);
        field = (TensorField)Math.Max(index, 0);
        return index >= 0;
    }

    /// <summary>Every field that a request for <paramref name="loss"/> may have in JSON, where sparse rows are a form of labels.</summary>
    public static IEnumerable<string> GetNames(Loss loss) =>
    [
        .. loss.Accepts.Select(form => form.Name()),
        .. loss.LabelForms.Where(form => !form.IsSparse()).Select(form => form.Name()), SampleWeight, Mask, .. Header,
        .. loss.Options.Select(option => option.Name),
    ];
}
