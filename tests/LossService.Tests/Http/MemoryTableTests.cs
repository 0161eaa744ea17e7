using System.IO.Compression;
using System.Text;
using LossService.Http;
using LossService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Tests.Http;

/// <summary>
/// The bodies that take the most memory for their length, each of two megabytes under a budget of sixteen: every one gets an answer that
/// is meant, the budget holds, and everything is returned.
/// </summary>
public sealed class MemoryTableTests : IDisposable
{
    private const int Length = 2 * 1024 * 1024;
    private const long Budget = 16 * 1024 * 1024;
    private const string AllOutputs =
        """["loss","losses","gradient","probabilities","log_probabilities","entropy","predictions","metrics"]""";

    private static readonly Dictionary<string, (string Loss, Func<string> Body, int Status)> Bodies = new()
    {
        ["usual"] = ("cross_entropy", () => Rows(100, "", "\"gradient\""), 200),
        ["brackets"] = ("cross_entropy", () => Repeat("{\"logits\":", "[", ""), 400),
        ["digits of a fraction"] = ("binary_cross_entropy", () => Repeat("{\"labels\":[0],\"logits\":[0.", "1", "]}"), 200),
        ["digits of an integer"] = ("binary_cross_entropy", () => Repeat("{\"labels\":[0],\"logits\":[", "1", "]}"), 422),
        ["strings"] = ("cross_entropy", () => Repeat("{\"labels\":[0],\"logits\":[[", "\"\",", "0]]}"), 422),
        ["ragged rows"] = ("cross_entropy", () => Repeat("{\"labels\":[0],\"logits\":[[1,2],", "[1],", "[1]]}"), 422),
        ["one class"] = ("cross_entropy", () => Repeat("{\"labels\":[0],\"logits\":[", "[1],", "[1]]}"), 422),
        ["two classes"] = ("cross_entropy", () => Rows(2, "", "\"loss\""), 200),
        // an array whose length is not known grows by doubling, old and new at once
        ["labels alone"] = ("cross_entropy", () => Repeat("{\"labels\":[", "0,", "0]}", 800_000), 422),
        ["binary"] = ("binary_cross_entropy", () => Binary("float32", "[\"loss\"]"), 200),
        ["binary, float64, all outputs"] = ("binary_cross_entropy", () => Binary("float64", AllOutputs), 413),
        ["two classes, float64, all outputs"] = ("cross_entropy", () => Rows(2, "\"dtype\":\"float64\",", AllOutputs[1..^1]), 413),
        ["one row, focal"] = ("focal", () => Repeat("{\"labels\":[0],\"logits\":[[", "0,", "0]]}", 160_000), 200),
        ["more classes than there may be"] = ("focal",
            () => Repeat("{\"labels\":[0],\"logits\":[[", "0,", "0]]}", 250_000), 422),
        ["class weights"] = ("cross_entropy",
            () => Repeat("{\"labels\":[0],\"logits\":[[0,1]],\"class_weight\":[", "1,", "1]}", 250_000), 422),
        ["id"] = ("cross_entropy", () => Repeat("{\"labels\":[0],\"logits\":[[0,1]],\"id\":\"", "a", "\"}"), 422),
        ["id of escapes"] = ("cross_entropy", () => Repeat("{\"labels\":[0],\"logits\":[[0,1]],\"id\":\"", "\\u00e9", "\"}"), 422),
        ["one unknown member, again and again"] = ("cross_entropy", () => Repeat("{", "\"a\":1,", "\"labels\":[0]}"), 422),
        ["unknown members"] = ("cross_entropy", () => Members(), 422),
        ["member with a long name"] = ("cross_entropy", () => Repeat("{\"", "n", "\":1}"), 422),
        ["unknown outputs"] = ("cross_entropy", () => Repeat("{\"labels\":[0],\"logits\":[[0,1]],\"outputs\":[", "\"x\",", "\"x\"]}"), 422),
        ["ignored labels"] = ("cross_entropy", () => Repeat("{\"labels\":[0],\"logits\":[[0,1]],\"ignore_index\":[", "5,", "5]}"), 422),
        ["top k"] = ("cross_entropy",
            () => Repeat("{\"labels\":[0],\"logits\":[[0,1]],\"outputs\":[\"metrics\"],\"top_k\":[", "1,", "1]}"), 422),
        ["long word"] = ("cross_entropy", () => Repeat("{\"labels\":[0],\"logits\":[[0,1]],\"reduction\":\"", "m", "\"}"), 422),
        ["axes of bytes"] = ("cross_entropy",
            () => Repeat("{\"labels\":[0],\"logits\":{\"dtype\":\"float32\",\"data\":\"\",\"shape\":[", "1,", "1]}}"), 422),
        ["fields of bytes"] = ("cross_entropy", () => Repeat("{\"labels\":[0],\"logits\":{", "\"a\":1,", "\"b\":1}}"), 422),
    };

    private readonly TestService _service = new(host => host
        .UseSetting("Limits:MemoryBytes", $"{Budget}").UseSetting("Limits:Classes", "100000"));

    /// <summary>The names of the bodies.</summary>
    public static TheoryData<string, bool> Names =>
        [.. Bodies.Keys.Select(name => (name, false)), .. Bodies.Keys.Select(name => (name, true))];

    [Theory, MemberData(nameof(Names))]
    public async Task Body_OfTheTable_IsAnsweredWithinTheBudget(string name, bool isCompressed)
    {
        var (loss, make, status) = Bodies[name];
        var body = Encoding.UTF8.GetBytes(make());
        var answer = await SendAsync($"/v1/losses/{loss}", body, isCompressed);
        Assert.True(answer.Status == status, answer.Text.Length > 2000 ? answer.Text[..2000] : answer.Text);
        if (status == 413) Assert.Contains("Limits:MemoryBytes", answer.Text, StringComparison.Ordinal);
        if (status != 200) Assert.True(answer.Body.Length < 20_000, "the answer has the client's text");
        await AssertReturnedAsync();
    }

    /// <summary>The same in the protocol's words: inputs, parameters, outputs, and JSON beside bytes.</summary>
    [Theory]
    [InlineData("""{"inputs":[""", """{"name":"x"},""", """{"name":"x"}]}""", 422)]
    [InlineData("""{"parameters":{""", "\"a\":1,", "\"b\":1},\"inputs\":[]}", 422)]
    [InlineData("""{"inputs":[],"outputs":[""", """{"name":"x"},""", """{"name":"x"}]}""", 422)]
    [InlineData("""{"id":""" + "\"", "a", "\"}", 422)]
    [InlineData("""{"inputs":[{"name":""" + "\"", "a", "\"}]}", 422)]
    [InlineData("""{"inputs":[{"name":"logits","shape":[""", "1,", "1]}]}", 422)]
    [InlineData("""{"inputs":[{"parameters":{""", "\"a\":1,", "\"a\":1}}]}", 422)]
    [InlineData("""{"inputs":[{""", "\"a\":1,", "\"a\":1}]}", 422)]
    [InlineData("""{"inputs":[{"name":"logits","datatype":"FP32","shape":[1,1048000],"data":[""", "0,", "0]}]}", 422)]
    public async Task InferBody_OfTheTable_IsAnsweredWithinTheBudget(string before, string again, string after, int status)
    {
        var answer = await _service.PostAsync("/v2/models/cross_entropy/infer", Repeat(before, again, after));
        Assert.True(answer.Status == status, answer.Text.Length > 2000 ? answer.Text[..2000] : answer.Text);
        Assert.True(answer.Body.Length < 30_000, "the answer has the client's text");
        await AssertReturnedAsync();
    }

    [Fact]
    public async Task InferBody_WithTextBesideBytes_IsAnsweredWithinTheBudget()
    {
        var numbers = string.Join(',', Enumerable.Repeat("0.25", 400_000));
        var answer = await _service.PostAsync("/v2/models/binary_cross_entropy/infer", $$"""
            {"inputs":[{"name":"logits","datatype":"FP32","shape":[400000],"data":[{{numbers}}]},
            {"name":"labels","datatype":"FP32","shape":[400000],"data":[{{numbers}}]}],
            "outputs":[{"name":"loss","parameters":{"binary_data":true} },{"name":"gradient"}]}
            """);
        Assert.True(answer.Status is 200 or 413 or 429, answer.Text.Length > 2000 ? answer.Text[..2000] : answer.Text);
        await AssertReturnedAsync();
    }

    public void Dispose() => _service.Dispose();

    private async Task AssertReturnedAsync()
    {
        var memory = _service.Services.GetRequiredService<Admission>().Memory;
        Assert.InRange(memory.Peak, 1, Budget);
        // the answer arrives before its memory is returned
        for (var i = 0; i < 200 && memory.Used > 0; i++) await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Equal(0, memory.Used);
    }

    private Task<Answer> SendAsync(string path, byte[] body, bool isCompressed)
    {
        if (!isCompressed) return _service.PostAsync(path, body);
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest)) gzip.Write(body);
        return _service.SendAsync(new(HttpMethod.Post, path)
        {
            Content = new ByteArrayContent(compressed.ToArray())
            {
                Headers = { { "Content-Type", "application/json" }, { "Content-Encoding", "gzip" } },
            },
        });
    }

    private static string Repeat(string before, string again, string after, int length = Length) =>
        before + string.Concat(Enumerable.Repeat(again, (length - before.Length - after.Length) / again.Length)) + after;

    private static string Rows(int classes, string options, string outputs)
    {
        var row = $"[{string.Join(',', Enumerable.Range(0, classes).Select(c => c % 10))}]";
        var rows = (Length - 1000) / (row.Length + 3);
        return $"{{{options}\"outputs\":[{outputs}],\"labels\":[{string.Join(',', Enumerable.Repeat('1', rows))}],"
            + $"\"logits\":[{string.Join(',', Enumerable.Repeat(row, rows))}]}}";
    }

    private static string Binary(string dtype, string outputs)
    {
        var zeros = string.Join(',', Enumerable.Repeat('0', (Length - 1000) / 4));
        return $"{{\"dtype\":\"{dtype}\",\"outputs\":{outputs},\"labels\":[{zeros}],\"logits\":[{zeros}]}}";
    }

    private static string Members()
    {
        var members = new StringBuilder("{");
        for (var i = 0; members.Length < Length; i++) members.Append($"\"m{i}\":1,");
        return members.Append("\"labels\":[0]}").ToString();
    }
}
