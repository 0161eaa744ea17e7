using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.OpenInference;

/// <summary>A loss as a model of the protocol, made from its entry in the catalogue.</summary>
internal sealed class OipModel
{
    /// <summary>The one version that each model has.</summary>
    public const string Version = "1";

    /// <summary>The platform of every model.</summary>
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
            .. loss.LabelForms.Select(form => form.IsTeacher()
                ? Page(form.Name(), DType.Float32, predictions) : Page(form.Name(), labels, samples)),
            Page(Fields.SampleWeight, DType.Float32, samples),
            Page(Fields.Mask, DType.Bool, samples),
        ];
        Outputs = [.. TensorOutput.GetAll(loss).Select(output =>
            Page(output.Name, output.DType ?? DType.Float32, output.Axes is [-1, -1] ? predictions : output.Axes))];
    }

    /// <summary>All models, in the catalogue's order.</summary>
    public static IReadOnlyList<OipModel> All { get; } = [.. LossCatalogue.All.Select(loss => new OipModel(loss))];

    /// <summary>The loss, whose name is the model's.</summary>
    public Loss Loss { get; }

    /// <summary>The inputs. The first are the forms of predictions, of which a request has one; so it has of labels.</summary>
    public IReadOnlyList<OipTensorPage> Inputs { get; }

    /// <summary>The outputs that the loss has.</summary>
    public IReadOnlyList<OipTensorPage> Outputs { get; }

    /// <summary>The state of a model in the index of the repository.</summary>
    public static string State(bool isReady) => isReady ? "READY" : "UNAVAILABLE";

    /// <summary>Finds a model by name and version; without a version, any version matches.</summary>
    public static Result<OipModel> Find(string name, string? version)
    {
        var model = All.FirstOrDefault(model => model.Loss.Name == name);
        if (model is null) return ProblemTypes.UnknownLoss(name, LossCatalogue.All.Select(loss => loss.Name), "/v2/models");
        return string.IsNullOrEmpty(version) || version == Version ? model : ProblemTypes.UnknownVersion(name, version, Version);
    }

    private static OipTensorPage Page(string name, DType dtype, long[] shape) => new(name, dtype.Datatype(), shape);
}
