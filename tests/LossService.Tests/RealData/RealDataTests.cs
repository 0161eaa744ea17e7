using System.Text.Json.Nodes;
using LossService.Tests.Support;

namespace LossService.Tests.RealData;

/// <summary>
/// Trained models on scikit-learn's handwritten digits and breast cancer data, as scored by PyTorch in float64: every figure
/// of the <c>.expected.json</c> beside each request comes back through HTTP.
/// </summary>
public sealed class RealDataTests(TestService service)
{
    private static readonly JsonNode Digits = Read("digits.expected.json");
    private static readonly JsonNode BreastCancer = Read("breast_cancer.expected.json");

    /// <summary>A figure of the expected file, the options that ask for it, and where it stands in the answer.</summary>
    public static TheoryData<string, string, string> DigitScalars => new()
    {
        { "loss_mean", "{}", "loss" },
        { "loss_sum", """{"reduction":"sum"}""", "loss" },
        { "loss_sum", "{}", "totals/loss" },
        { "loss_mean_label_smoothing_0.1", """{"label_smoothing":0.1}""", "loss" },
        { "loss_mean_class_weight_1.0_to_1.9_step_0.1", """{"class_weight":[1.0,1.1,1.2,1.3,1.4,1.5,1.6,1.7,1.8,1.9]}""", "loss" },
        { "loss_mean_ignore_index_3", """{"ignore_index":3}""", "loss" },
        { "accuracy", """{"outputs":["metrics"]}""", "metrics/accuracy" },
        { "perplexity", """{"outputs":["metrics"]}""", "metrics/perplexity" },
        { "rows", "{}", "totals/samples" },
    };

    public static TheoryData<string, string, string> BreastCancerScalars => new()
    {
        { "loss_mean", "{}", "loss" },
        { "loss_sum", """{"reduction":"sum"}""", "loss" },
        { "loss_mean_pos_weight_2.5", """{"pos_weight":2.5}""", "loss" },
        { "accuracy", """{"outputs":["metrics"]}""", "metrics/accuracy" },
        { "rows", "{}", "totals/samples" },
    };

    [Theory]
    [MemberData(nameof(DigitScalars))]
    public async Task Digits_EveryScalar_IsPyTorchs(string figure, string options, string at) =>
        AssertClose(Digits[figure]!, At(await PostAsync("cross_entropy", "digits", options), at), 1e-12);

    [Theory]
    [MemberData(nameof(BreastCancerScalars))]
    public async Task BreastCancer_EveryScalar_IsPyTorchs(string figure, string options, string at) =>
        AssertClose(BreastCancer[figure]!, At(await PostAsync("binary_cross_entropy", "breast_cancer", options), at), 1e-12);

    [Fact]
    public async Task Digits_LossesAndGradient_ArePyTorchsRoundedToFloat32()
    {
        var answer = await PostAsync("cross_entropy", "digits", """{"outputs":["losses","gradient"]}""");
        AssertNeighbours(Digits["losses_first_10"]!, answer["losses"]!);
        AssertNeighbours(Digits["gradient_mean_first_row"]!, answer["gradient"]![0]!);
        Assert.Equal((540, 540, 10),
            (answer["losses"]!.AsArray().Count, answer["gradient"]!.AsArray().Count, answer["gradient"]![539]!.AsArray().Count));
    }

    [Fact]
    public async Task Digits_GradientL1InFloat64_IsPyTorchs()
    {
        // PyTorch had the float32 logits as float64: their exact values, not the shorter decimals of the request
        var logits = new JsonArray([.. Read("digits.request.json")["logits"]!.AsArray()
            .Select(row => new JsonArray([.. row!.AsArray().Select(logit => JsonValue.Create((double)logit!.GetValue<float>()))]))]);
        var answer = await PostAsync("cross_entropy", "digits",
            $$"""{"outputs":["gradient"],"dtype":"float64","logits":{{logits.ToJsonString()}}}""");
        var l1 = answer["gradient"]!.AsArray().SelectMany(row => row!.AsArray()).Sum(element => double.Abs(element!.GetValue<double>()));
        AssertClose(Digits["gradient_mean_l1"]!, l1, 1e-12);
    }

    [Fact]
    public async Task BreastCancer_LossesAndGradient_ArePyTorchsRoundedToFloat32()
    {
        var answer = await PostAsync("binary_cross_entropy", "breast_cancer", """{"outputs":["losses","gradient"]}""");
        AssertNeighbours(BreastCancer["losses_first_10"]!, answer["losses"]!);
        AssertNeighbours(BreastCancer["gradient_mean_first_10"]!, answer["gradient"]!);
    }

    /// <summary>The expected files have nothing that no test here asks for.</summary>
    [Fact]
    public void ExpectedFiles_EveryFigure_IsReproduced()
    {
        string[] described = ["made_with", "classes"];
        string[] tensors = ["losses_first_10", "gradient_mean_first_row", "gradient_mean_first_10", "gradient_mean_l1"];
        Assert.Empty(Digits.AsObject()
            .Select(member => member.Key).Except([.. described, .. tensors, .. DigitScalars.Select(row => row.Data.Item1)]));
        Assert.Empty(BreastCancer.AsObject()
            .Select(member => member.Key).Except([.. described, .. tensors, .. BreastCancerScalars.Select(row => row.Data.Item1)]));
    }

    private static JsonNode Read(string file) =>
        JsonNode.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "RealData", file)))!;

    private async Task<JsonNode> PostAsync(string loss, string data, string options)
    {
        var body = Read($"{data}.request.json").AsObject();
        foreach (var option in JsonNode.Parse(options)!.AsObject()) body[option.Key] = option.Value!.DeepClone();
        var answer = await service.PostAsync($"/v1/losses/{loss}", body.ToJsonString());
        Assert.True(answer.Status == 200, answer.Text);
        return JsonNode.Parse(answer.Body)!;
    }

    private static double At(JsonNode answer, string path) =>
        path.Split('/').Aggregate(answer, (node, name) => node[name]!).GetValue<double>();

    private static void AssertClose(JsonNode expected, double actual, double relative)
    {
        var exact = expected.GetValue<double>();
        Assert.True(double.Abs(actual - exact) <= relative * double.Abs(exact), $"expected {exact:R}, got {actual:R}");
    }

    private static void AssertNeighbours(JsonNode expected, JsonNode actual)
    {
        foreach (var (i, exact) in expected.AsArray().Index())
        {
            var rounded = (float)exact!.GetValue<double>();
            var number = actual[i]!.GetValue<float>();
            Assert.True(number == rounded || number == float.BitIncrement(rounded) || number == float.BitDecrement(rounded),
                $"[{i}]: expected {rounded:R}, got {number:R}");
        }
    }
}
