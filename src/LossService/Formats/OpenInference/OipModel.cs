using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.OpenInference;

/// <summary>A loss as a model of the protocol: everything about it follows from the catalogue's entry.</summary>
internal sealed class OipModel
{
    /// <summary>The one version that each model has.</summary>
    public const string Version = "1";

    /// <summary>The platform that models name.</summary>
    public const string Platform = "lossservice";

    private OipModel(Loss loss)
    {
        Loss = loss;
        var isCategorical = loss.Kind == LossKind.Categorical;
        long[] samples = [-1];
        var predictions = isCategorical ? [-1, -1] : samples;
        var labels = isCategorical ? DType.Int64 : DType.Float32;
        Inputs =
        [
            .. loss.Accepts.Select(form => Page(form.Name(), DType.Float32, predictions)),
            .. loss.Labels == LabelRule.None ? Array.Empty<OipTensorPage>() : [Page(Fields.Labels, labels, samples)],
            Page(Fields.SampleWeight, DType.Float32, samples),
            Page(Fields.Mask, DType.Bool, samples),
        ];
        Outputs = [.. OipOutput.GetAll(loss).Select(output =>
            Page(output.Name, output.DType ?? DType.Float32, output.Axes is [-1, -1] ? predictions : output.Axes))];
    }

    /// <summary>All models, in the catalogue's order.</summary>
    public static IReadOnlyList<OipModel> All { get; } = [.. LossCatalogue.All.Select(loss => new OipModel(loss))];

    /// <summary>The loss that it is; the model's name is the loss's.</summary>
    public Loss Loss { get; }

    /// <summary>What may be sent: the first are alternatives, of which a request has one.</summary>
    public IReadOnlyList<OipTensorPage> Inputs { get; }

    /// <summary>What may be asked for.</summary>
    public IReadOnlyList<OipTensorPage> Outputs { get; }

    /// <summary>The model of a name and a version; no version is any.</summary>
    public static (OipModel? Model, Problem? Problem) Find(string name, string? version)
    {
        var model = All.FirstOrDefault(model => model.Loss.Name == name);
        if (model is null) return (null, ProblemTypes.UnknownLoss(name, LossCatalogue.All.Select(loss => loss.Name)));
        return string.IsNullOrEmpty(version) || version == Version ? (model, null)
            : (null, ProblemTypes.UnknownVersion(name, version, Version));
    }

    private static OipTensorPage Page(string name, DType dtype, long[] shape) => new(name, dtype.Datatype(), shape);
}
