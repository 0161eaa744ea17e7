using System.Text;
using LossService.Tests.Support;

namespace LossService.Tests.Formats.OpenInference;

/// <summary>Everything that an infer request over HTTP can have wrong, and the address that the answer gives it.</summary>
public sealed class OipRefusalTests(TestService service)
{
    private readonly OipClient _oip = new(service);

    private static readonly byte[] Logits = Elements.Bytes("FP32", [2, 1, 0.5, 0.25, 2.25, 0.5, 1.5, -0.5, 0.25]);
    private static readonly byte[] Labels = Elements.Bytes("INT64", [0, 1, 2]);

    /// <summary>The characters that change what JSON means.</summary>
    private const string Telling = "0129-.eE[]{},:\"\\tfn ";

    private static WireForm Binary => new WireForm().Binary("logits", "FP32", [3, 3], Logits).Binary("labels", "INT64", [3], Labels);

    private static WireForm LogitsThen => new WireForm().Json("logits", "FP32", [3, 3], "[[2,1,0.5],[0.25,2.25,0.5],[1.5,-0.5,0.25]]");

    private static WireForm LabelsThen => new WireForm().Json("labels", "INT64", [3], "[0,1,2]");

    private static readonly Dictionary<string, (WireForm Form, string Pointer, string Words)> Cases = new()
    {
        ["truncated"] = (Binary.Cut(1), "#/inputs/1/parameters/binary_data_size",
            "labels has a binary_data_size of 24, but the body has 23 bytes left"),
        ["left over"] = (Binary.Append(0, 0), "#", "the body has 2 bytes after the last tensor"),
        ["size is not shape × datatype"] = (new WireForm().Binary("logits", "FP32", [3, 4], Logits).Binary("labels", "INT64", [3], Labels),
            "#/inputs/0/parameters/binary_data_size", "logits has a binary_data_size of 36, but [3, 4] of FP32 takes 48 bytes"),
        ["size is no number"] =
            (LogitsThen.Input("""{"name":"labels","datatype":"INT8","shape":[3],"parameters":{"binary_data_size":"3"}}""").Append(0),
            "#/inputs/1/parameters/binary_data_size", "binary_data_size: expected a number of bytes, got \"3\""),
        ["size is negative"] =
            (LogitsThen.Input("""{"name":"labels","datatype":"INT8","shape":[3],"parameters":{"binary_data_size":-3}}""").Append(0),
            "#/inputs/1/parameters/binary_data_size", "got -3"),
        ["size without the header"] =
            (LogitsThen.Input("""{"name":"labels","datatype":"INT8","shape":[3],"parameters":{"binary_data_size":3}}"""),
            "#/inputs/1/parameters/binary_data_size", "no Inference-Header-Content-Length"),
        ["data and size"] =
            (LogitsThen.Input(
            """{"name":"labels","datatype":"INT8","shape":[3],"data":[0,1,2],"parameters":{"binary_data_size":3}}""").Append(0, 1, 2),
            "#/inputs/1", "both data and binary_data_size"),
        ["neither data nor size"] = (LogitsThen.Input("""{"name":"labels","datatype":"INT8","shape":[3]}"""), "#/inputs/1",
            "\"labels\" has neither data nor binary_data_size"),
        ["shared memory"] =
            (LogitsThen.Input(
            """{"name":"labels","datatype":"INT8","shape":[3],"data":[0,1,2],"parameters":{"shared_memory_region":"x"}}"""),
            "#/inputs/1/parameters", "no parameter \"shared_memory_region\""),
        ["unknown datatype"] = (LogitsThen.Json("labels", "INT46", [3], "[0,1,2]"), "#/inputs/1/datatype",
            "labels has the unknown datatype \"INT46\"; expected one of FP16, BF16"),
        ["BYTES"] = (LogitsThen.Json("labels", "BYTES", [3], """["a","b","c"]"""), "#/inputs/1/datatype",
            "labels has the unknown datatype \"BYTES\""),
        ["FP16 as JSON"] = (LabelsThen.Json("logits", "FP16", [3, 1], "[1,2,3]"), "#/inputs/1/data", "FP16, which JSON cannot carry"),
        ["unknown input"] = (WireForm.Good.Json("sample_weights", "FP32", [3], "[1,1,1]"), "#/inputs/2/name",
            "did you mean \"sample_weight\"?"),
        ["duplicate input"] = (WireForm.Good.Json("labels", "INT64", [3], "[0,1,2]"), "#/inputs/2/name", "duplicate input \"labels\""),
        ["no name"] = (WireForm.Good.Input("""{"datatype":"FP32","shape":[1],"data":[1]}"""), "#/inputs/2", "no name"),
        ["no shape"] = (LogitsThen.Input("""{"name":"labels","datatype":"INT8","data":[0,1,2]}"""), "#/inputs/1",
            "\"labels\" has no shape"),
        ["misspelt member"] = (LogitsThen.Input("""{"name":"labels","datatype":"INT8","shape":[3],"dat":[0,1,2]}"""), "#/inputs/1",
            "did you mean \"data\"?"),
        ["input is no object"] = (WireForm.Good.Input("7"), "#/inputs/2", "inputs/2: expected an object, got 7"),
        ["negative axis"] = (LogitsThen.Json("labels", "INT64", [-3], "[0,1,2]"), "#/inputs/1/shape", "an axis of length -3"),
        ["axis is no integer"] = (LogitsThen.Input("""{"name":"labels","datatype":"INT8","shape":[3.5],"data":[0,1,2]}"""),
            "#/inputs/1/shape/0", "expected an integer for an axis, got 3.5"),
        ["first axis is no integer"] = (LogitsThen.Input("""{"name":"labels","datatype":"INT8","shape":[1.0,3.0],"data":[0,1,2]}"""),
            "#/inputs/1/shape/0", "got 1.0"),
        ["second axis is no integer"] = (LogitsThen.Input("""{"name":"labels","datatype":"INT8","shape":[1.0,3.0],"data":[0,1,2]}"""),
            "#/inputs/1/shape/1", "got 3.0"),
        ["largest UINT64, JSON"] = (LogitsThen.Json("labels", "UINT64", [3], "[0,18446744073709551615,2]"), "#/inputs/1/data/1",
            "labels[1]: class index 18446744073709551615 is outside 0..2"),
        ["largest UINT64, binary"] = (LogitsThen.Binary("labels", "UINT64", [3], Elements.Bytes("UINT64", [0, ulong.MaxValue, 2])),
            "#/inputs/1", "labels[1]: class index 18446744073709551615 is outside 0..2"),
        ["beyond UINT64"] = (LogitsThen.Json("labels", "UINT64", [3], "[0,18446744073709551616,2]"), "#/inputs/1/data/1",
            "18446744073709551616 is not UINT64: expected an integer from 0 to 18446744073709551615"),
        ["shape overflows"] = (LabelsThen.Json("logits", "FP32", [2147483647, 2147483647, 2147483647], "[1]"), "#/inputs/1/shape",
            "takes more than 2147483647 bytes"),
        ["shape overflows before a zero"] = (LabelsThen.Json("logits", "FP32", [2147483647, 2147483647, 2147483647, 0], "[1]"),
            "#/inputs/1/shape", "takes more than 2147483647 bytes"),
        ["samples without classes"] = (new WireForm().Json("logits", "FP32", [3, 0], "[]").Json("labels", "INT64", [3], "[0,1,2]"),
            "#/inputs/0/data", "expected at least one class on the last axis"),
        ["null name"] = (WireForm.Good.Input("""{"name":null,"datatype":"FP32","shape":[1],"data":[1]}"""), "#/inputs/2", "no name"),
        ["null data"] = (LogitsThen.Input("""{"name":"labels","datatype":"INT8","shape":[3],"data":null}"""), "#/inputs/1",
            "\"labels\" has neither data nor binary_data_size"),
        ["mask of 2"] = (WireForm.Good.Json("mask", "INT64", [3], "[0,1,2]"), "#/inputs/2/data/2", "mask[2]: expected 0 or 1, got 2"),
        ["mask of 1.0"] = (WireForm.Good.Json("mask", "FP32", [3], "[0,1,1]"), "#/inputs/2/data", "expected booleans, or the integers"),
        ["data of another shape"] = (LabelsThen.Json("logits", "FP32", [3, 3], "[[1,2],[3,4]]"), "#/inputs/1/data",
            "shape [3, 3], but its data has the shape [2, 2]"),
        ["data of another count"] = (LabelsThen.Json("logits", "FP32", [3, 3], "[1,2,3,4]"), "#/inputs/1/data",
            "its data has the shape [4]"),
        ["ragged data"] = (LabelsThen.Json("logits", "FP32", [3, 3], "[[1,2,3],[4,5],[6,7,8]]"), "#/inputs/1/data/1",
            "expected 3 elements, as in the rows before, got 2"),
        ["string among numbers"] = (LabelsThen.Json("logits", "FP32", [3, 3], """[[1,2,3],[4,"5",6],[6,7,8]]"""), "#/inputs/1/data/1/1",
            "logits[1, 1]: expected a number, got \"5\""),
        ["number too large for FP32"] = (LabelsThen.Json("logits", "FP32", [3, 3], "[1,2,3,4,5,1e39,7,8,9]"), "#/inputs/1/data/5",
            "1e39 is outside float32"),
        ["weight too small for FP32"] = (WireForm.Good.Json("sample_weight", "FP32", [3], "[0,1,1e-46]"), "#/inputs/2/data/2",
            "1e-46 is 0 in float32"),
        ["fraction among integers"] = (LogitsThen.Json("labels", "INT64", [3], "[0,1.5,2]"), "#/inputs/1/data/1", "1.5 is not INT64"),
        ["integer too large for its datatype"] = (LogitsThen.Json("labels", "INT8", [3], "[0,1,128]"), "#/inputs/1/data",
            "128, which is not INT8: expected an integer from -128 to 127"),
        ["BOOL of 2"] = (WireForm.Good.Binary("mask", "BOOL", [3], [1, 0, 2]), "#/inputs/2", "mask[2]: a BOOL is 0 or 1, not 2"),
        ["class out of range, flat"] = (LogitsThen.Json("labels", "INT64", [3], "[0,1,3]"), "#/inputs/1/data/2",
            "labels[2]: class index 3 is outside 0..2"),
        ["class out of range, binary"] = (new WireForm().Binary("logits", "FP32", [3, 3], Logits).Binary("labels", "INT8", [3],
            [0, 255, 1]), "#/inputs/1", "labels[1]: class index -1 is outside 0..2"),
        ["NaN, flat"] = (LabelsThen.Json("logits", "FP32", [3, 3], """[1,2,3,4,5,"NaN",7,8,9]"""), "#/inputs/1/data/5",
            "logits[1, 2]: expected a number, got NaN"),
        ["NaN, nested"] = (LabelsThen.Json("logits", "FP32", [3, 3], """[[1,2,3],[4,5,"NaN"],[7,8,9]]"""), "#/inputs/1/data/1/2",
            "logits[1, 2]: expected a number, got NaN"),
        ["NaN, binary"] = (LabelsThen.Binary("logits", "FP32", [3, 3], Elements.Bytes("FP32", [1, 2, 3, 4, 5, double.NaN, 7, 8, 9])),
            "#/inputs/1", "logits[1, 2]: expected a number, got NaN"),
        ["row that does not sum to 1, flat"] = (new WireForm().Json("probabilities", "FP32", [3, 2],
            "[0.5,0.5,0.5,0.25,1,0]").Json("labels", "INT64", [3], "[0,1,1]"), "#/inputs/0/data/2",
            "probabilities[1]: a row of probabilities must sum to 1"),
        ["predictions twice"] = (WireForm.Good.Json("probabilities", "FP32", [3, 1], "[1,1,1]"), "#/inputs/2/data",
            "expected one form of predictions"),
        ["predictions missing"] = (LabelsThen, "#", "predictions are missing"),
        ["labels missing"] = (LogitsThen, "#", "labels are missing"),
        ["labels of another shape"] = (LogitsThen.Json("labels", "INT64", [2], "[0,1]"), "#/inputs/1/data",
            "labels have the shape [2], but logits [3, 3]"),
        ["integer predictions"] = (LabelsThen.Json("logits", "INT32", [3, 3], "[1,2,3,4,5,6,7,8,9]"), "#/inputs/1/data",
            "expected real numbers"),
        ["unknown parameter"] = (WireForm.Good.Parameter("label_smothing", "0.1"), "#/parameters/label_smothing",
            "did you mean \"label_smoothing\"?"),
        ["another loss's parameter"] = (WireForm.Good.Parameter("pos_weight", "2"), "#/parameters/pos_weight",
            "pos_weight is not an option of cross_entropy"),
        ["parameter out of range"] = (WireForm.Good.Parameter("label_smoothing", "2"), "#/parameters/label_smoothing",
            "from 0 to 1, got 2"),
        ["parameter of another type"] = (WireForm.Good.Parameter("label_smoothing", "{\"a\":[1]}"), "#/parameters/label_smoothing",
            "got an object"),
        ["bad list as text"] = (WireForm.Good.Parameter("class_weight", "\"[1,2,\""), "#/parameters/class_weight", "got \"[1,2,\""),
        ["unpaired surrogate in a list as text"] = (WireForm.Good.Parameter("class_weight", "\"[\\\"\\\\ud83e\\\"]\""),
            "#/parameters/class_weight", "a string in it has an unpaired surrogate"),
        ["bad element of a list"] = (WireForm.Good.Parameter("class_weight", "[1,true,3]"), "#/parameters/class_weight/1", "got true"),
        ["duplicate parameter"] = (WireForm.Good.Parameter("temperature", "2").Parameter("temperature", "3"), "#/parameters",
            "duplicate parameter \"temperature\""),
        ["unknown dtype"] = (WireForm.Good.Parameter("dtype", "\"float16\""), "#/parameters/dtype", "expected \"float32\" or \"float64\""),
        ["tensor_encoding as a parameter"] = (WireForm.Good.Parameter("tensor_encoding", "\"base64\""), "#/parameters/tensor_encoding",
            "tensor_encoding is not a parameter"),
        ["binary_data_output is no boolean"] = (WireForm.Good.Parameter("binary_data_output", "1"), "#/parameters/binary_data_output",
            "parameters/binary_data_output: expected a boolean, got 1"),
        ["unknown output"] = (WireForm.Good.Output("gradients"), "#/outputs/0/name", "did you mean \"gradient\"?"),
        ["duplicate output"] = (WireForm.Good.Output("loss").Output("loss"), "#/outputs/1/name", "duplicate output \"loss\""),
        ["output without a name"] = (WireForm.Good.OutputJson("{}"), "#/outputs/0", "no name"),
        ["output with another parameter"] = (WireForm.Good.OutputJson("""{"name":"loss","parameters":{"classification":3}}"""),
            "#/outputs/0/parameters", "no parameter \"classification\""),
        ["loss without reduction"] = (WireForm.Good.Parameter("reduction", "\"none\"").Output("loss"), "#/outputs",
            "no output \"loss\" where the reduction is \"none\""),
        ["FP16 output as JSON"] = (LabelsThen.Binary("logits", "FP16", [3, 2], new byte[12]).Output("gradient"), "#/outputs",
            "gradient is FP16 here, which JSON cannot carry"),
    };

    /// <summary>The names of the cases.</summary>
    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory, MemberData(nameof(Names))]
    public async Task Request_ThatIsNoBatch_Is422AtItsAddress(string name)
    {
        var (form, pointer, words) = Cases[name];
        var reply = await _oip.InferAsync("cross_entropy", form);
        Assert.True(reply.Status == 422, $"{reply.Status}: {reply.Text}");
        Assert.Equal("invalid-batch", reply.Json.GetProperty("type").GetString());
        Assert.Equal(reply.Json.GetProperty("detail").GetString(), reply.Json.GetProperty("error").GetString());
        var errors = reply.Json.GetProperty("errors").EnumerateArray();
        Assert.Contains((pointer, true), errors.Select(error =>
            (error.GetProperty("pointer").GetString(),
            error.GetProperty("detail").GetString()!.Contains(words, StringComparison.Ordinal))));
    }

    [Theory]
    [InlineData("", "invalid-json")]
    [InlineData("{", "invalid-json")]
    [InlineData("{\"inputs\":[{\"name\":\"logits\",\"datatype\":\"FP32\",\"shape\":[2],\"data\":[1,2,]}]}", "invalid-json")]
    [InlineData("{\"inputs\":[{\"name\":\"logits\",\"datatype\":\"FP32\",\"shape\":[2],\"data\":[1,2]]}", "invalid-json")]
    [InlineData("{\"inputs\":[{\"name\":\"logits\",\"datatype\":\"FP32\",\"shape\":[2],\"data\":[1,2]}]} {}", "invalid-json")]
    [InlineData("{\"inputs\":[{\"name\":\"logits\",\"datatype\":\"FP32\",\"shape\":[2],\"data\":[1,02]}]}", "invalid-json")]
    [InlineData("{\"inputs\":[{\"name\":\"\\ud800\"}]}", "invalid-json")]
    [InlineData("{\"id\":\"\u0001\"}", "invalid-json")]
    public async Task Request_ThatIsNoJson_Is400(string text, string type)
    {
        var reply = await _oip.PostAsync("/v2/models/cross_entropy/infer", Encoding.UTF8.GetBytes(text));
        Assert.Equal((400, type), (reply.Status, reply.Json.GetProperty("type").GetString()));
        Assert.NotEmpty(reply.Json.GetProperty("error").GetString()!);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"inputs\":{}}")]
    [InlineData("{\"inputs\":[]}")]
    public async Task Request_ThatIsJsonOfAnotherKind_Is422(string text) =>
        Assert.Equal(422, (await _oip.PostAsync("/v2/models/cross_entropy/infer", Encoding.UTF8.GetBytes(text))).Status);

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("+5")]
    [InlineData("many")]
    [InlineData("1000000")]
    [InlineData("99999999999999999999")]
    public async Task HeaderLength_ThatIsNone_Is400AndSaysTheBodysLength(string length)
    {
        var (body, _) = Binary.Build();
        var reply = await _oip.PostAsync("/v2/models/cross_entropy/infer", body, length);
        Assert.Equal(400, reply.Status);
        Assert.Contains($"1 to the body's {body.Length} bytes", reply.Json.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task HeaderLength_ThatCutsTheJson_Is400AndNoOtherPlaceIsTried()
    {
        var (body, length) = Binary.Build();
        for (var wrong = 1; wrong < length; wrong += 7)
            Assert.Equal("invalid-json",
                (await _oip.PostAsync("/v2/models/cross_entropy/infer", body, $"{wrong}")).Json.GetProperty("type").GetString());
    }

    [Fact]
    public async Task Body_CutAnywhere_IsRefusedAndNeverScored()
    {
        var (body, length) = Binary.Build();
        for (var cut = length; cut < body.Length; cut += 5)
            Assert.Equal(422, (await _oip.PostAsync("/v2/models/cross_entropy/infer", body[..cut], $"{length}")).Status);
    }

    [Fact]
    public async Task Body_SpoiltAnywhere_IsScoredOrRefusedButNeverFails()
    {
        var random = new Random(20250608);
        (byte[], int)[] forms = [Binary.Output("gradient").Parameter("class_weight", "[1,2,3]").Build(),
            LogitsThen.Binary("labels", "INT64", [3], Labels).Build()];
        for (var i = 0; i < 3000; i++)
        {
            var (whole, length) = forms[i % 2];
            var body = whole.ToArray();
            for (var spoilt = random.Next(1, 4); spoilt > 0; spoilt--) body[random.Next(length)] = random.Next(3) == 0
                ? (byte)random.Next(256) : (byte)Telling[random.Next(Telling.Length)];
            var reply = await _oip.PostAsync("/v2/models/cross_entropy/infer", body, $"{length}");
            Assert.True(reply.Status is 200 or 400 or 422, $"{reply.Status}: {Encoding.UTF8.GetString(body, 0, length)}");
        }
    }

    [Fact]
    public async Task Body_OverTheLimit_Is413WithTheLimit()
    {
        using var small = new TestService(settings => settings.UseSetting("Limits:BodyBytes", "2048"));
        var form = new WireForm().Binary("logits", "FP32", [30, 30], new byte[3600]);
        var reply = await new OipClient(small).InferAsync("cross_entropy", form);
        Assert.Equal((413, 2048), (reply.Status, reply.Json.GetProperty("limit_bytes").GetInt32()));
    }

    [Fact]
    public async Task Errors_OfASpoiltBatch_AreCountedInFullAndListedInPart()
    {
        var reply = await _oip.InferAsync("cross_entropy", new WireForm()
            .Json("logits", "FP32", [100, 2], Elements.Json("FP32", new double[200])).Json("labels", "INT64", [100],
                Elements.Json("INT64", Enumerable.Repeat(5.0, 100))));
        Assert.Equal((100, 20), (reply.Json.GetProperty("total_errors").GetInt32(), reply.Json.GetProperty("errors").GetArrayLength()));
    }
}
