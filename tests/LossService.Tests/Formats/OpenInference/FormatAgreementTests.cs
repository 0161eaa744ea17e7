using System.Text.Json;
using Google.Protobuf;
using LossService.Core.Losses;
using LossService.Formats.OpenInference.Grpc;
using LossService.Tests.Formats.Arrow;
using LossService.Tests.Formats.Numpy;
using LossService.Tests.Shared;
using LossService.Tests.Support;

namespace LossService.Tests.Formats.OpenInference;

/// <summary>One batch has one set of scores, whichever way it travels: the formats agree to the last bit.</summary>
public sealed class FormatAgreementTests(TestService service)
{
    private readonly OipClient _oip = new(service);

    private readonly NumpyClient _numpy = new(service);
    private readonly ArrowClient _arrow = new(service);

    private static readonly string[] AllMetrics = ["metrics"];

    private static readonly string[] OfPredictions = ["gradient", "hessian", "probabilities", "log_probabilities"];

    private static string[] Compared(OipBatch batch) =>
        [.. batch.Draft.Loss.Outputs.Select(output => output.Name).Where(name => name != "metrics")];

    private static readonly string[] Metrics =
    [
        "accuracy", "perplexity", "expected_calibration_error", "maximum_calibration_error", "root_mean_square_calibration_error",
        "class_wise_calibration_error", "class_calibration_errors", "class_calibration_bins", "equal_mass_calibration_error",
        "equal_mass_bins",
    ];

    /// <summary>Every loss, in both datatypes that JSON has.</summary>
    public static TheoryData<string, string> Batches =>
        [.. LossCatalogue.All.SelectMany(loss => new[] { (loss.Name, "FP32"), (loss.Name, "FP64") })];

    [Theory, MemberData(nameof(Batches))]
    public async Task Scores_OfOneBatch_AreTheSameInEveryFormat(string model, string datatype)
    {
        for (var seed = 0; seed < 3; seed++)
        {
            var batch = OipBatch.Draw(model, datatype, seed);
            var native = await NativeAsync(batch);
            if (batch.Draft.Loss.Kind != LossKind.Overlap)
                Assert.Equal(Enumerable.Range(0, batch.Draft.Samples).Count(batch.Draft.IsKept), native["total_samples"][0]);
            AssertSame(native, await OipAsync(batch, isBinary: false), "OIP JSON");
            AssertSame(native, await OipAsync(batch, isBinary: true), "OIP binary");
            AssertSame(native, await GrpcAsync(batch, isRaw: false), "gRPC typed");
            AssertSame(native, await GrpcAsync(batch, isRaw: true), "gRPC raw");
            string[] outputs = [.. Compared(batch), .. MetricsOf(batch) is [] ? [] : AllMetrics];
            AssertSame(native, await _numpy.ScoreAsync(batch, outputs), "NumPy");
            AssertSame(native, await _arrow.ScoreAsync(batch, outputs), "Arrow");
        }
    }

    /// <summary>[N, C, L] in every format, with indices and with dense labels, has the numbers of [N, L, C].</summary>
    [Theory, MemberData(nameof(LossTheories.Categorical), MemberType = typeof(LossTheories))]
    public async Task Scores_OfClassesInTheMiddle_AreTheSameInEveryFormat(string model)
    {
        foreach (var batch in new[] { OipBatch.Draw(model, "FP32", 5), OipBatch.Draw(model, "FP64", 6).WithRows() })
        {
            var last = batch with { Draft = batch.Draft.Take([.. Enumerable.Range(0, 36)]) with { ClassAxis = null } };
            var draft = last.Draft with { ClassAxis = 1 };
            var middle = last with { Draft = draft };
            var expected = await OipAsync(last, isBinary: true);
            var posted = await OipAsync(middle, isBinary: true);
            foreach (var name in OfPredictions.Where(posted.ContainsKey))
                posted[name] = draft.Unpost(posted[name]);
            AssertSame(expected, posted, "the axis");
            posted = await OipAsync(middle, isBinary: true);
            AssertSame(posted, await OipAsync(middle, isBinary: false), "OIP JSON");
            AssertSame(posted, await GrpcAsync(middle, isRaw: false), "gRPC typed");
            AssertSame(posted, await GrpcAsync(middle, isRaw: true), "gRPC raw");
            string[] outputs = [.. Compared(middle), .. MetricsOf(middle) is [] ? [] : AllMetrics];
            AssertSame(posted, await _numpy.ScoreAsync(middle, outputs), "NumPy");
            AssertSame(posted, await _arrow.ScoreAsync(middle, outputs), "Arrow");
        }
    }

    [Theory]
    [InlineData("FP16")]
    [InlineData("BF16")]
    [InlineData("FP32")]
    public async Task Loss_InAnyFloatDatatype_IsThatOfTheSameNumbersInFP64(string datatype)
    {
        var batch = OipBatch.Draw("cross_entropy", "FP64", seed: 1);
        // numbers that every one of the datatypes holds: eight significant bits
        batch = batch with { Draft = batch.Draft with { Predictions = [.. batch.Draft.Predictions.Select(z => Math.Round(z * 16) / 16)] } };
        var wide = await OipAsync(batch, isBinary: true);
        batch = batch with { Datatype = datatype };
        foreach (var narrow in (Dictionary<string, double[]>[])[await OipAsync(batch, isBinary: true), await GrpcAsync(batch, isRaw: true)])
        {
            Assert.Equal(wide["loss"], narrow["loss"]);
            Assert.Equal(wide["predictions"], narrow["predictions"]);
            if (datatype == "BF16") continue;
            Assert.Equal(wide["gradient"].Select(g => datatype == "FP16" ? (double)(Half)g : (float)g), narrow["gradient"]);
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
        var batch = OipBatch.Draw("cross_entropy", "FP32", seed: 1);
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
                numbers.Select(Bits).SequenceEqual(actual[name].Select(Bits)),
                $"{format}: {name} differs");
        }
    }

    // JSON has one NaN, bytes have many
    private static ulong Bits(double number) => BitConverter.DoubleToUInt64Bits(double.IsNaN(number) ? double.NaN : number);

    private static string[] MetricsOf(OipBatch batch) =>
        LossTheories.HasMetrics(batch.Draft.Loss) ? Metrics : [];

    private async Task<Dictionary<string, double[]>> NativeAsync(OipBatch batch)
    {
        var metrics = MetricsOf(batch);
        var body = batch.ToJson([.. Compared(batch), .. metrics is [] ? [] : AllMetrics]);
        var answer = await service.PostAsync($"/v1/losses/{batch.Model}", body);
        Assert.True(answer.Status == 200, answer.Text);
        var json = JsonDocument.Parse(answer.Body).RootElement;
        var scores = Compared(batch).ToDictionary(
            name => name, name => Numbers(json.GetProperty(name), name is "loss" or "sums" ? "FP64" : batch.Datatype));
        foreach (var name in metrics) scores[name] = FindMetric(json.GetProperty("metrics"), name);
        foreach (var total in json.GetProperty("totals").EnumerateObject()) scores["total_" + total.Name] = [total.Value.GetDouble()];
        return scores;
    }

    /// <summary>A metric of JSON as the tensor of its name; without elements, or NaN, where it is not asked for.</summary>
    private static double[] FindMetric(JsonElement metrics, string name)
    {
        JsonElement? classWise = metrics.TryGetProperty("class_wise_calibration", out var found) ? found : null;
        JsonElement? equalMass = metrics.TryGetProperty("equal_mass_calibration", out found) ? found : null;
        JsonElement[] classes = [.. classWise?.GetProperty("classes").EnumerateArray() ?? default];
        return name switch
        {
            "class_wise_calibration_error" => [Number(classWise?.GetProperty("calibration_error"))],
            "class_calibration_errors" => [.. classes.Select(one => Number(one.GetProperty("calibration_error")))],
            "class_calibration_bins" => [.. classes.SelectMany((one, c) => Bins(one).SelectMany(bin => bin.Prepend(c)))],
            "equal_mass_calibration_error" => [Number(equalMass?.GetProperty("calibration_error"))],
            "equal_mass_bins" => [.. equalMass is { } diagram ? Bins(diagram).SelectMany(bin => bin) : []],
            _ => [Number(metrics.GetProperty(name))],
        };

        static IEnumerable<IEnumerable<double>> Bins(JsonElement diagram) => diagram.GetProperty("bins").EnumerateArray()
            .Select(bin => bin.EnumerateObject().Select(number => Number(number.Value)));

        static double Number(JsonElement? number) => number is { ValueKind: JsonValueKind.Number } some ? some.GetDouble() : double.NaN;
    }

    private async Task<Dictionary<string, double[]>> OipAsync(OipBatch batch, bool isBinary)
    {
        string[] outputs = [.. Compared(batch), .. MetricsOf(batch)];
        var form = new WireForm();
        foreach (var (name, datatype, shape, numbers) in batch.Inputs)
        {
            if (isBinary) form.Binary(name, datatype, shape, Elements.Bytes(datatype, numbers));
            else form.Json(name, datatype, shape, Elements.Json(datatype, numbers));
        }
        if (isBinary) form.Parameter("binary_data_output", "true");
        foreach (var (name, value) in batch.Parameters) form.Parameter(name, JsonSerializer.Serialize(value));
        foreach (var name in outputs) form.Output(name);
        var reply = await _oip.InferAsync(batch.Model, form);
        Assert.True(reply.Status == 200, reply.Text);
        var scores = outputs.ToDictionary(name => name, reply.Numbers);
        foreach (var total in reply.Json.GetProperty("parameters").EnumerateObject()) scores[total.Name] = [total.Value.GetDouble()];
        return scores;
    }

    private async Task<Dictionary<string, double[]>> GrpcAsync(OipBatch batch, bool isRaw)
    {
        var request = new ModelInferRequest { ModelName = batch.Model };
        foreach (var (name, datatype, shape, numbers) in batch.Inputs)
        {
            var tensor = new ModelInferRequest.Types.InferInputTensor { Name = name, Datatype = datatype };
            tensor.Shape.AddRange(shape.Select(axis => (long)axis));
            if (isRaw) request.RawInputContents.Add(ByteString.CopyFrom(Elements.Bytes(datatype, numbers)));
            else tensor.Contents = Contents(datatype, numbers);
            request.Inputs.Add(tensor);
        }
        foreach (var (name, value) in batch.Parameters) request.Parameters[name] = Parameter(value);
        foreach (var name in (string[])[.. Compared(batch), .. MetricsOf(batch)])
            request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = name });
        var response = await _oip.CallAsync(request);
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

    private static InferParameter Parameter(object value) => value switch
    {
        double number => new() { DoubleParam = number },
        int number => new() { Int64Param = number },
        bool flag => new() { BoolParam = flag },
        _ => new() { StringParam = (string)value },
    };

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

    private static double[] Numbers(JsonElement element, string datatype) => element.ValueKind == JsonValueKind.Array
        ? [.. element.EnumerateArray().SelectMany(inner => Numbers(inner, datatype))] : [Elements.Parse(datatype, element)];
}
