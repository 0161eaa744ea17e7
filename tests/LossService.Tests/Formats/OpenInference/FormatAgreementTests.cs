using System.Text;
using System.Text.Json;
using Google.Protobuf;
using LossService.Core.Losses;
using LossService.Formats.OpenInference.Grpc;

namespace LossService.Tests.Formats.OpenInference;

/// <summary>One batch has one set of scores, whichever way it travels: the formats agree to the last bit.</summary>
public sealed class FormatAgreementTests(OipHost host) : IClassFixture<OipHost>
{
    private const int Rows = 37;
    private const int Classes = 11;

    private static readonly string[] Compared = ["loss", "losses", "gradient", "probabilities", "log_probabilities", "entropy", "predictions"];
    private static readonly string[] Metrics = ["accuracy", "perplexity", "expected_calibration_error"];

    /// <summary>Every loss, in both datatypes that JSON has.</summary>
    public static TheoryData<string, string> Batches => [.. LossCatalogue.All.SelectMany(loss => new[] { (loss.Name, "FP32"), (loss.Name, "FP64") })];

    [Theory, MemberData(nameof(Batches))]
    public async Task Scores_OfOneBatch_AreTheSameInEveryFormat(string model, string datatype)
    {
        var batch = Batch.Of(LossCatalogue.Find(model)!, datatype);
        var native = await NativeAsync(batch);
        Assert.Equal(Rows - 1, native["total_samples"][0] / (batch.IsCategorical ? 1 : Classes));
        AssertSame(native, await OipAsync(batch, isBinary: false), "OIP JSON");
        AssertSame(native, await OipAsync(batch, isBinary: true), "OIP binary");
        AssertSame(native, await GrpcAsync(batch, isRaw: false), "gRPC typed");
        AssertSame(native, await GrpcAsync(batch, isRaw: true), "gRPC raw");
    }

    [Theory]
    [InlineData("FP16")]
    [InlineData("BF16")]
    [InlineData("FP32")]
    public async Task Loss_InAnyFloatDatatype_IsThatOfTheSameNumbersInFP64(string datatype)
    {
        var batch = Batch.Of(LossCatalogue.Find("cross_entropy")!, "FP64") with { Datatype = "FP64" };
        // numbers that every one of the datatypes holds: eight significant bits
        batch = batch with { Predictions = [.. batch.Predictions.Select(z => Math.Round(z * 16) / 16)] };
        var wide = await OipAsync(batch, isBinary: true);
        foreach (var narrow in (Dictionary<string, double[]>[])[await OipAsync(batch with { Datatype = datatype }, isBinary: true), await GrpcAsync(batch with { Datatype = datatype }, isRaw: true)])
        {
            Assert.Equal(wide["loss"], narrow["loss"]);
            Assert.Equal(wide["predictions"], narrow["predictions"]);
            if (datatype != "BF16") Assert.Equal(wide["gradient"].Select(g => datatype == "FP16" ? (double)(Half)g : (float)g), narrow["gradient"]);
        }
    }

    [Theory]
    [InlineData("INT8")]
    [InlineData("INT16")]
    [InlineData("INT32")]
    [InlineData("UINT8")]
    [InlineData("UINT16")]
    [InlineData("UINT32")]
    [InlineData("UINT64")]
    public async Task Labels_InAnyIntegerDatatype_ScoreAsInt64(string datatype)
    {
        var batch = Batch.Of(LossCatalogue.Find("cross_entropy")!, "FP32");
        var expected = await OipAsync(batch, isBinary: true);
        batch = batch with { LabelDatatype = datatype };
        AssertSame(expected, await OipAsync(batch, isBinary: true), "binary");
        AssertSame(expected, await OipAsync(batch, isBinary: false), "JSON");
        AssertSame(expected, await GrpcAsync(batch, isRaw: true), "raw");
        AssertSame(expected, await GrpcAsync(batch, isRaw: false), "typed");
    }

    private static void AssertSame(Dictionary<string, double[]> expected, Dictionary<string, double[]> actual, string format)
    {
        foreach (var (name, numbers) in expected)
        {
            Assert.True(
                numbers.Select(BitConverter.DoubleToUInt64Bits).SequenceEqual(actual[name].Select(BitConverter.DoubleToUInt64Bits)),
                $"{format}: {name} differs");
        }
    }

    private async Task<Dictionary<string, double[]>> NativeAsync(Batch batch)
    {
        var members = batch.Inputs.Select(input => $"\"{input.Name}\":{Nest(Elements.Json(input.Datatype, input.Numbers), input.Shape)}");
        var asked = (string[])[.. Compared, .. batch.HasMetrics ? ["metrics"] : Array.Empty<string>()];
        var body = $$"""{{{string.Join(',', members)}},"dtype":"{{(batch.Datatype == "FP64" ? "float64" : "float32")}}","outputs":["{{string.Join("\",\"", asked)}}"]}""";
        var reply = await host.PostAsync($"/v1/losses/{batch.Model}", Encoding.UTF8.GetBytes(body), contentType: "application/json");
        Assert.True(reply.Status == 200, reply.Text);
        var scores = Compared.Where(name => reply.Json.TryGetProperty(name, out _)).ToDictionary(name => name, name =>
            Flatten(reply.Json.GetProperty(name)).Select(element => Elements.Parse(name == "loss" ? "FP64" : batch.Datatype, element)).ToArray());
        if (batch.HasMetrics) foreach (var name in Metrics) scores[name] = [reply.Json.GetProperty("metrics").GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : double.NaN];
        foreach (var total in reply.Json.GetProperty("totals").EnumerateObject()) scores["total_" + total.Name] = [total.Value.GetDouble()];
        return scores;
    }

    private async Task<Dictionary<string, double[]>> OipAsync(Batch batch, bool isBinary)
    {
        var form = new WireForm();
        foreach (var input in batch.Inputs)
        {
            if (isBinary) form.Binary(input.Name, input.Datatype, input.Shape, Elements.Bytes(input.Datatype, input.Numbers));
            else form.Json(input.Name, input.Datatype, input.Shape, Elements.Json(input.Datatype, input.Numbers));
        }
        if (isBinary) form.Parameter("binary_data_output", "true");
        foreach (var name in batch.Outputs) form.Output(name);
        var reply = await host.InferAsync(batch.Model, form);
        Assert.True(reply.Status == 200, reply.Text);
        var scores = batch.Outputs.ToDictionary(name => name, reply.Numbers);
        foreach (var total in reply.Json.GetProperty("parameters").EnumerateObject()) scores[total.Name] = [total.Value.GetDouble()];
        return scores;
    }

    private async Task<Dictionary<string, double[]>> GrpcAsync(Batch batch, bool isRaw)
    {
        var request = new ModelInferRequest { ModelName = batch.Model };
        foreach (var input in batch.Inputs)
        {
            var tensor = new ModelInferRequest.Types.InferInputTensor { Name = input.Name, Datatype = input.Datatype, Shape = { input.Shape.Select(axis => (long)axis) } };
            if (isRaw) request.RawInputContents.Add(ByteString.CopyFrom(Elements.Bytes(input.Datatype, input.Numbers)));
            else tensor.Contents = Contents(input.Datatype, input.Numbers);
            request.Inputs.Add(tensor);
        }
        request.Outputs.AddRange(batch.Outputs.Select(name => new ModelInferRequest.Types.InferRequestedOutputTensor { Name = name }));
        var response = await host.CallAsync(request);
        var scores = new Dictionary<string, double[]>
        {
            ["total_samples"] = [response.Parameters["total_samples"].Int64Param],
            ["total_weight"] = [response.Parameters["total_weight"].DoubleParam],
            ["total_loss"] = [response.Parameters["total_loss"].DoubleParam],
        };
        for (var i = 0; i < response.Outputs.Count; i++)
        {
            var output = response.Outputs[i];
            scores[output.Name] = isRaw ? Elements.Read(output.Datatype, response.RawOutputContents[i].Span) : output.Datatype switch
            {
                "FP32" => [.. output.Contents.Fp32Contents.Select(number => (double)number)],
                "FP64" => [.. output.Contents.Fp64Contents],
                _ => [.. output.Contents.Int64Contents.Select(number => (double)number)],
            };
        }
        return scores;
    }

    private static InferTensorContents Contents(string datatype, double[] numbers)
    {
        var contents = new InferTensorContents();
        switch (datatype)
        {
            case "BOOL": contents.BoolContents.AddRange(numbers.Select(number => number != 0)); break;
            case "INT8" or "INT16" or "INT32": contents.IntContents.AddRange(numbers.Select(number => (int)number)); break;
            case "UINT8" or "UINT16" or "UINT32": contents.UintContents.AddRange(numbers.Select(number => (uint)number)); break;
            case "INT64": contents.Int64Contents.AddRange(numbers.Select(number => (long)number)); break;
            case "UINT64": contents.Uint64Contents.AddRange(numbers.Select(number => (ulong)number)); break;
            case "FP32": contents.Fp32Contents.AddRange(numbers.Select(number => (float)number)); break;
            default: contents.Fp64Contents.AddRange(numbers); break;
        }
        return contents;
    }

    /// <summary>A flat list of a matrix as the list of its rows.</summary>
    private static string Nest(string flat, int[] shape) => shape.Length == 1 ? flat
        : $"[{string.Join(',', flat[1..^1].Split(',').Chunk(shape[1]).Select(row => $"[{string.Join(',', row)}]"))}]";

    private static IEnumerable<JsonElement> Flatten(JsonElement element) =>
        element.ValueKind == JsonValueKind.Array ? element.EnumerateArray().SelectMany(Flatten) : [element];

    private sealed record Input(string Name, string Datatype, int[] Shape, double[] Numbers);

    /// <summary>A seeded batch for a loss, with weights, and a mask that leaves one row out.</summary>
    private sealed record Batch(string Model, string Datatype, bool IsCategorical, double[] Predictions, double[]? Labels)
    {
        public string LabelDatatype { get; init; } = IsCategorical ? "INT64" : "FP32";

        public bool HasMetrics => Labels is not null;

        public string[] Outputs => [.. Compared, .. HasMetrics ? Metrics : []];

        public IEnumerable<Input> Inputs
        {
            get
            {
                int[] samples = IsCategorical ? [Rows] : [Rows, Classes];
                var count = samples.Aggregate((a, b) => a * b);
                yield return new("logits", Datatype, [Rows, Classes], Predictions);
                if (Labels is not null) yield return new("labels", LabelDatatype, samples, Labels);
                yield return new("sample_weight", "FP32", samples, [.. Enumerable.Range(0, count).Select(i => 0.25 * (i % 7))]);
                yield return new("mask", "BOOL", samples, [.. Enumerable.Range(0, count).Select(i => i / (count / Rows) == 5 ? 0.0 : 1)]);
            }
        }

        public static Batch Of(Loss loss, string datatype)
        {
            var random = new Random(20250607);
            var isCategorical = loss.Kind == LossKind.Categorical;
            double[] predictions = [.. Enumerable.Range(0, Rows * Classes).Select(_ => (double)(float)(6 * random.NextDouble() - 3))];
            double[] labels = isCategorical
                ? [.. Enumerable.Range(0, Rows).Select(_ => (double)random.Next(Classes))]
                : [.. Enumerable.Range(0, Rows * Classes).Select(_ => (double)random.Next(2))];
            return new(loss.Name, datatype, isCategorical, predictions, loss.Labels == LabelRule.None ? null : labels);
        }
    }
}
