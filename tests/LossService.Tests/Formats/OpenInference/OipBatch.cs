using System.Text.Json;
using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Requests;
using LossService.Tests.Shared;
using LossService.Tests.Support;

namespace LossService.Tests.Formats.OpenInference;

/// <summary>A draft as the protocol's tensors and parameters, and as the native API's JSON: the same numbers in each.</summary>
/// <param name="Draft">The batch.</param>
/// <param name="Datatype">Of the predictions.</param>
internal sealed record OipBatch(Draft Draft, string Datatype)
{
    /// <summary>The seed whose labels are a teacher's logits, where the loss takes them.</summary>
    public const int TaughtSeed = 2;

    /// <summary>The seed whose labels are sparse rows, where the loss takes them.</summary>
    public const int SparseSeed = 3;

    /// <summary>
    /// A batch of a loss with weights, a mask, and some of the options; indices wherever the loss takes them, or a teacher's logits for
    /// <see cref="TaughtSeed"/>, sparse rows for <see cref="SparseSeed"/>.
    /// </summary>
    public static OipBatch Draw(string loss, string datatype, int seed)
    {
        var found = LossCatalogue.Find(loss)!;
        var takesIndices = found.Kind != LossKind.Binary && found.Labels != LabelRule.None;
        var takesSparse = seed == SparseSeed && found.LabelForms.Contains(TargetForm.Values);
        var takesTeacher = seed == TaughtSeed && found.LabelForms.Contains(TargetForm.Logits);
        var space = new BatchSpace
        {
            Forms = [PredictionForm.Logits],
            LabelForms = [takesSparse ? LabelForm.LogValues : takesTeacher ? LabelForm.Logits
                : takesIndices ? LabelForm.Indices : LabelForm.Dense],
            DTypes = [datatype == "FP32" ? DType.Float32 : DType.Float64],
            Scales = [3],
            // with the reduction none there is no loss to compare
            Reductions = [Reduction.Mean, Reduction.Sum],
            WeightChance = 1,
            MaskChance = 1,
            ClassAxisChance = 0,
        };
        var draft = BatchGenerator.Draw(found, space.OfSize(37, 11), seed);
        return new(
            draft with
            {
                // labels and weights travel in FP32 whatever the predictions do, so they are numbers that it holds
                Labels = takesSparse ? [.. draft.Labels!.Select(label => (double)(float)label)] : Quarters(draft.Labels),
                SampleWeight = Quarters(draft.SampleWeight),
                Options = draft.Options.RemoveRange(draft.Options.Keys.Where(option => draft.Options[option] is null)),
            },
            datatype);
    }

    /// <summary>The same labels as dense rows.</summary>
    public OipBatch WithRows() => Draft.LabelForm == LabelForm.Dense ? this : this with
    {
        Draft = Draft with
        {
            LabelForm = LabelForm.Dense,
            Labels = [.. Draft.Labels!.SelectMany(label => Enumerable.Range(0, Draft.Classes).Select(c => c == label ? 1.0 : 0))],
            Options = Draft.Without("ignore_index").Options,
        },
        LabelDatatype = "FP32",
    };

    public string Model => Draft.Loss.Name;

    public string LabelDatatype { get; init; } = Draft.LabelForm == LabelForm.Indices ? "INT64" : "FP32";

    public IEnumerable<(string Name, string Datatype, int[] Shape, double[] Numbers)> Inputs
    {
        get
        {
            int[] dense = [.. Draft.Layout.Shape.Axes];
            var samples = Draft.IsBinary ? dense : [.. Draft.Layout.Samples.Axes];
            yield return (Draft.Form.Name(), Datatype, dense, Draft.Post(Draft.Predictions));
            if (Draft is { Labels: not null, LabelForm: LabelForm.Indices })
                yield return (Fields.Labels, LabelDatatype, samples, Draft.Labels);
            else if (Draft.LabelIndices is { } indices)
            {
                int[] sparse = [.. Draft.Sparse.Axes];
                yield return (Draft.Target.Name(), LabelDatatype, sparse, Draft.Labels!);
                yield return (BatchField.LabelIndices, "INT64", sparse, indices);
            }
            else if (Draft.Labels is not null) yield return (Draft.Target.Name(), LabelDatatype, dense, Draft.Post(Draft.Labels));
            yield return (Fields.SampleWeight, "FP32", samples, Draft.SampleWeight!);
            yield return (Fields.Mask, "BOOL", samples, [.. Draft.Mask!.Select(Convert.ToDouble)]);
        }
    }

    /// <summary>The header and the options: numbers, words, and lists as their JSON.</summary>
    public IEnumerable<(string Name, object Value)> Parameters =>
    [
        (Fields.Reduction, WireName.Of(Draft.Reduction)),
        (Fields.MeanOver, WireName.Of(Draft.MeanOver)),
        .. Draft.MeanDivisor is { } divisor ? [(Fields.Divisor, divisor)] : Array.Empty<(string, object)>(),
        .. Draft.Unit == Unit.Nats ? Array.Empty<(string, object)>() : [(Fields.Unit, WireName.Of(Draft.Unit))],
        .. Draft.ClassAxis is { } axis ? [(SharedOptions.ClassAxis.Name, axis)] : Array.Empty<(string, object)>(),
        .. Draft.Options
            .Select(option => (option.Key.Name, option.Value is Array ? JsonSerializer.Serialize(option.Value) : option.Value!)),
    ];

    /// <summary>The body for the native API.</summary>
    public string ToJson(params string[] outputs) => new WrittenBatch(Draft, outputs).Body;

    private static double[]? Quarters(double[]? values) => values?.Select(value => Math.Round(4 * value) / 4).ToArray();
}
