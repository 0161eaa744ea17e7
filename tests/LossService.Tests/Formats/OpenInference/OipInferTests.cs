using System.IO.Compression;
using System.Text;
using LossService.Tests.Support;

namespace LossService.Tests.Formats.OpenInference;

/// <summary>What a client of the protocol may do in an infer request, and what it gets.</summary>
public sealed class OipInferTests(TestService service)
{
    private readonly OipClient _oip = new(service);

    private static readonly double[] Logits = [2, 1, 0.5, 0.25, 2.25, 0.5, 1.5, -0.5, 0.25];

    [Fact]
    public async Task Answer_WithoutOutputs_IsTheLossAlone()
    {
        var reply = await _oip.InferAsync("cross_entropy", WireForm.Good);
        Assert.Equal(200, reply.Status);
        Assert.Equal("cross_entropy", reply.Json.GetProperty("model_name").GetString());
        Assert.Equal("1", reply.Json.GetProperty("model_version").GetString());
        Assert.Equal("a wire form", reply.Json.GetProperty("id").GetString());
        var output = Assert.Single(reply.Json.GetProperty("outputs").EnumerateArray());
        Assert.Equal(("loss", "FP64", "[1]"),
            (output.GetProperty("name").GetString(), output.GetProperty("datatype").GetString(), output.GetProperty("shape").GetRawText()));
        Assert.Equal(3, reply.Json.GetProperty("parameters").GetProperty("total_samples").GetInt32());
        Assert.Null(reply.HeaderLength);
    }

    [Fact]
    public async Task Answer_WithOutputs_HasThoseInTheirOrderAndNoOther()
    {
        var reply = await _oip.InferAsync("cross_entropy", WireForm.Good.Output("predictions").Output("losses").Output("accuracy"));
        Assert.Equal(["predictions", "losses", "accuracy"], reply.Json.GetProperty("outputs").EnumerateArray()
            .Select(output => output.GetProperty("name").GetString()));
        Assert.Equal(["INT64", "FP32", "FP64"], reply.Json.GetProperty("outputs").EnumerateArray()
            .Select(output => output.GetProperty("datatype").GetString()));
    }

    [Fact]
    public async Task Answer_ToARequestWithoutId_HasOne()
    {
        var (body, _) = WireForm.Good.Build();
        var text = Encoding.UTF8.GetString(body).Replace("\"id\":\"a wire form\",", "", StringComparison.Ordinal);
        var reply = await _oip.PostAsync("/v2/models/cross_entropy/versions/1/infer", Encoding.UTF8.GetBytes(text));
        Assert.NotEmpty(reply.Json.GetProperty("id").GetString()!);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Application/JSON; charset=utf-8")]
    [InlineData("application/octet-stream")]
    [InlineData("application/x-www-form-urlencoded")] // curl -d
    [InlineData("text/plain;charset=UTF-8")] // fetch with a string
    [InlineData("no media type")]
    public async Task Request_OfAnyContentType_Scores(string? contentType) =>
        Assert.Equal(200, (await _oip.InferAsync("cross_entropy", WireForm.Good, contentType)).Status);

    [Fact]
    public async Task Inputs_SomeBinarySomeJson_ScoreAsAllJson()
    {
        var expected = await _oip.InferAsync("cross_entropy", WireForm.Good.Output("gradient"));
        // the JSON input stands between two binary ones, whose bytes begin at odd addresses
        var form = new WireForm()
            .Binary("mask", "BOOL", [3], [1, 1, 1])
            .Json("labels", "INT64", [3], "[0,1,2]")
            .Binary("logits", "FP32", [3, 3], Elements.Bytes("FP32", Logits))
            .Output("gradient");
        var mixed = await _oip.InferAsync("cross_entropy", form);
        Assert.Equal(expected.Numbers("gradient"), mixed.Numbers("gradient"));
    }

    [Fact]
    public async Task Data_FlatOrNestedAndInAnyOrderOfMembers_ScoreTheSame()
    {
        var flat = await _oip.InferAsync("cross_entropy", WireForm.Good);
        var nested = new WireForm().Json("logits", "FP32", [3, 3], "[[2,1,0.5],[0.25,2.25,0.5],[1.5,-0.5,0.25]]").Json("labels", "INT64",
            [3], "[0,1,2]");
        Assert.Equal(flat.Numbers("loss"), (await _oip.InferAsync("cross_entropy", nested)).Numbers("loss"));
        var dataFirst = new WireForm()
            .Input("""{"data":[2,1,0.5, 0.25,2.25,0.5, 1.5,-0.5,0.25],"shape":[3,3],"datatype":"FP32","name":"logits"}""")
            .Input("""{"data" : [ 0 , 1 , 2 ] , "datatype":"INT8","name":"labels","shape":[3]}""");
        Assert.Equal(flat.Numbers("loss"), (await _oip.InferAsync("cross_entropy", dataFirst)).Numbers("loss"));
    }

    [Fact]
    public async Task Outputs_AskedForAsBinaryByTheRequest_AreButForThoseThatSayOtherwise()
    {
        var reply = await _oip.InferAsync("cross_entropy",
            WireForm.Good.Parameter("binary_data_output", "true").Output("losses").Output("loss", binary: false).Output("gradient"));
        Assert.Equal("application/octet-stream", reply.Headers.ContentType?.MediaType);
        Assert.Equal(reply.Body.Length, reply.Headers.ContentLength);
        Assert.Equal(reply.HeaderLength + 3 * 4 + 9 * 4, reply.Body.Length);
        var outputs = reply.Json.GetProperty("outputs");
        Assert.Equal((true, false, true), (outputs[0].TryGetProperty("parameters", out _), outputs[1].TryGetProperty("parameters", out _),
            outputs[2].TryGetProperty("parameters", out _)));
        Assert.Equal(reply.Numbers("loss")[0], reply.Numbers("losses").Average(), 1e-7);
    }

    [Theory]
    [InlineData("class_weight", "[1,2,4]", "\"[1,2,4]\"")]
    [InlineData("ignore_index", "[1]", "\"[1]\"")]
    [InlineData("ignore_index", "[1]", "1")]
    public async Task Option_AsListOrAsTextOfAList_IsTheSame(string option, string list, string other)
    {
        var one = await _oip.InferAsync("cross_entropy", WireForm.Good.Parameter(option, list));
        var two = await _oip.InferAsync("cross_entropy", WireForm.Good.Parameter(option, other));
        Assert.True(one.Status == 200, one.Text);
        Assert.Equal(one.Numbers("loss"), two.Numbers("loss"));
        Assert.NotEqual((await _oip.InferAsync("cross_entropy", WireForm.Good)).Numbers("loss"), one.Numbers("loss"));
    }

    [Fact]
    public async Task Loss_WhereNothingIsKept_IsNaN()
    {
        var reply = await _oip.InferAsync("cross_entropy",
            WireForm.Good.Json("mask", "BOOL", [3], "[false,false,false]").Output("loss").Output("gradient"));
        Assert.True(double.IsNaN(reply.Numbers("loss").Single()));
        Assert.All(reply.Numbers("gradient"), element => Assert.Equal(0, element));
    }

    [Fact]
    public async Task Reduction_None_AnswersLossesByDefault()
    {
        var reply = await _oip.InferAsync("cross_entropy", WireForm.Good.Parameter("reduction", "\"none\""));
        Assert.Equal(3, reply.Numbers("losses").Length);
    }

    [Fact]
    public async Task Body_InGzip_HasTheLengthsOfWhatItDecompressesTo()
    {
        WireForm Form() =>
            new WireForm().Binary("logits", "FP32", [3, 3], Elements.Bytes("FP32", Logits)).Json("labels", "INT64", [3], "[0,1,2]");
        var (body, length) = Form().Build();
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(body);
        var reply = await _oip.PostAsync("/v2/models/cross_entropy/infer", packed.ToArray(), $"{length}", coding: "gzip");
        Assert.True(reply.Status == 200, reply.Text);
        Assert.Equal((await _oip.InferAsync("cross_entropy", Form())).Numbers("loss"), reply.Numbers("loss"));
    }

    [Fact]
    public async Task Body_LargerThanABuffer_ComesBackWhole()
    {
        const int Rows = 700, Classes = 300;
        var random = new Random(7);
        double[] logits = [.. Enumerable.Range(0, Rows * Classes).Select(_ => (double)(float)(random.NextDouble() * 8 - 4))];
        double[] labels = [.. Enumerable.Range(0, Rows).Select(_ => (double)random.Next(Classes))];
        WireForm Form() => new WireForm()
            .Binary("logits", "FP32", [Rows, Classes], Elements.Bytes("FP32", logits))
            .Binary("labels", "INT32", [Rows], Elements.Bytes("INT32", labels));
        var json = await _oip.InferAsync("cross_entropy", Form().Output("gradient"));
        var binary = await _oip.InferAsync("cross_entropy", Form().Output("gradient", binary: true));
        Assert.Equal(json.Numbers("gradient"), binary.Numbers("gradient"));
        // softmax rows sum to 1 and so does the truth: every row of the gradient sums to 0
        Assert.All(binary.Numbers("gradient").Chunk(Classes), row => Assert.Equal(0, row.Sum(), 1e-9));
    }
}
