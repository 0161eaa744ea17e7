using System.Text;
using Grpc.Core;
using LossService.Formats.OpenInference.Grpc;
using LossService.Http;
using LossService.Tests.Formats.Arrow;
using LossService.Tests.Formats.Numpy;
using LossService.Tests.Formats.OpenInference;
using LossService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Tests.Http;

/// <summary>
/// Requests alone in a service, of sizes around its whole memory, through every door: what fits is scored, and what does not is told that
/// it never will. Nobody is told to try again, since nothing else is in use.
/// </summary>
public sealed class WholeBudgetTests : IDisposable
{
    private const int Classes = 1000;
    private const long Budget = 8 * 1024 * 1024;
    private const string Single = "\"outputs\":[\"gradient\",\"probabilities\"]";
    private const string Losses = "\"outputs\":[\"gradient\"],"
        + """ "losses":{"cross_entropy":{"outputs":["gradient","probabilities","metrics"]},"focal":{},"brier":{}} """;

    private static readonly string Row = $"[{string.Join(',', Enumerable.Repeat('0', Classes))}]";

    private readonly TestService _service = new(host => host.UseSetting("Limits:MemoryBytes", $"{Budget}"));

    /// <summary>Of three losses the results stay, four numbers of eight bytes for each logit.</summary>
    [Fact]
    public async Task Several_AroundTheBudget_FitOrNeverDo()
    {
        var most = await SweepAsync(10, 240, 10, async rows =>
        {
            var answer = await _service.PostAsync("/v1/losses", Json(rows, Losses));
            return (answer.Status, answer.Text);
        });
        // and the logits; blocks of a megabyte and more are a whole number of them
        Assert.InRange(most, 120, Budget / (8 * 5 * Classes));
    }

    /// <summary>A line has as much memory as a body, but for what its text takes while it is parsed.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Lines_AroundTheBudget_FitOrNeverDo(bool isOfSeveral)
    {
        var path = isOfSeveral ? "/v1/losses" : "/v1/losses/cross_entropy";
        var options = isOfSeveral ? Losses : Single;
        var most = await SweepAsync(10, 300, 10, async rows =>
        {
            // what goes before leaves its buffers and its responses
            string[] lines = [Json(1, options), Json(20, options), Json(30, options), Json(rows, options), Json(2, options)];
            var answer = await _service.PostAsync(path, Encoding.UTF8.GetBytes(string.Join('\n', lines)), "application/x-ndjson");
            Assert.Equal(200, answer.Status);
            var written = answer.Text.Split('\n');
            for (var i = 0; i < lines.Length; i++)
                if (i != 3) Assert.DoesNotContain("\"error\"", Start(written[i]), StringComparison.Ordinal);
            var text = Start(written[3]);
            var isRefused = text.Contains("\"error\"", StringComparison.Ordinal);
            return (!isRefused ? 200 : text.Contains("\"status\":413", StringComparison.Ordinal) ? 413 : 429, text);
        });
        var alone = await SweepAsync(10, 300, 10, async rows =>
        {
            var answer = await _service.PostAsync(path, Json(rows, options));
            return (answer.Status, answer.Text);
        });
        Assert.Equal(alone, most);
    }

    [Theory]
    [InlineData("binary")]
    [InlineData("arrow")]
    [InlineData("numpy")]
    [InlineData("grpc")]
    [InlineData("base64")]
    public async Task Batches_OfAFormatAroundTheBudget_FitOrNeverDo(string format)
    {
        var most = await SweepAsync(50, 1500, 50, async rows => format switch
        {
            "binary" => await InferAsync(rows),
            "arrow" => await ArrowAsync(rows),
            "numpy" => await NumpyAsync(rows),
            "grpc" => await CallAsync(rows),
            _ => await Base64Async(rows),
        });
        Assert.InRange(most, 500, 1000);
    }

    public void Dispose() => _service.Dispose();

    /// <summary>Sends ever more rows.</summary>
    /// <returns>The greatest number of rows that were scored; all smaller ones were, too.</returns>
    private async Task<int> SweepAsync(int from, int to, int step, Func<int, Task<(int Status, string Text)>> send)
    {
        var (most, isOver) = (0, false);
        for (var rows = from; rows <= to; rows += step)
        {
            var (status, text) = await send(rows);
            var words = $"{rows} rows: {status} {Start(text)}";
            Assert.True(status == 413 || (status == 200 && !isOver), words);
            if (status == 200) most = rows;
            else Assert.Contains("(Limits:MemoryBytes)", text, StringComparison.Ordinal);
            isOver |= status == 413;
            await AssertReturnedAsync();
        }
        Assert.True(isOver, "all fit");
        return most;
    }

    private async Task AssertReturnedAsync()
    {
        var memory = _service.Services.GetRequiredService<Admission>().Memory;
        Assert.InRange(memory.Peak, 0, Budget);
        // the answer arrives before its memory is returned
        for (var i = 0; i < 1000 && memory.Used > 0; i++) await Task.Delay(5, TestContext.Current.CancellationToken);
        Assert.Equal(0, memory.Used);
    }

    private static string Start(string text) => text[..Math.Min(400, text.Length)];

    private static string Json(int rows, string options)
    {
        var logits = string.Join(',', Enumerable.Repeat(Row, rows));
        var labels = string.Join(',', Enumerable.Repeat('0', rows));
        return $"{{\"logits\":[{logits}],\"labels\":[{labels}],\"dtype\":\"float64\",\"tensor_encoding\":\"base64\",{options}}}";
    }

    private async Task<(int, string)> Base64Async(int rows)
    {
        var logits = Convert.ToBase64String(new byte[4 * rows * Classes]);
        var answer = await _service.PostAsync("/v1/losses/cross_entropy", $$"""
            {"logits":{"dtype":"float32","shape":[{{rows}},{{Classes}}],"data":"{{logits}}"},"tensor_encoding":"base64",
            "labels":[{{string.Join(',', Enumerable.Repeat('0', rows))}}],"outputs":["gradient","losses"]}
            """);
        return (answer.Status, answer.Text);
    }

    private async Task<(int, string)> InferAsync(int rows)
    {
        var json = $$"""
            {"inputs":[
            {"name":"logits","datatype":"FP32","shape":[{{rows}},{{Classes}}],"parameters":{"binary_data_size":{{4 * rows * Classes}} } },
            {"name":"labels","datatype":"INT64","shape":[{{rows}}],"parameters":{"binary_data_size":{{8 * rows}} } }],
            "outputs":[{"name":"gradient","parameters":{"binary_data":true} }]}
            """;
        byte[] body = [.. Encoding.UTF8.GetBytes(json), .. new byte[4 * rows * Classes + 8 * rows]];
        var reply = await new OipClient(_service).PostAsync("/v2/models/cross_entropy/infer", body, $"{json.Length}");
        return (reply.Status, reply.Status == 200 ? "" : reply.Text);
    }

    private async Task<(int, string)> NumpyAsync(int rows)
    {
        (string, object)[] parts =
        [
            ("logits", NpyFile.WriteBytes("<f4", [rows, Classes], new byte[4 * rows * Classes])),
            ("labels", NpyFile.WriteBytes("<i8", [rows], new byte[8 * rows])), ("outputs", "gradient"),
        ];
        var answer = await new NumpyClient(_service).PostAsync(parts, NumpyClient.Npz);
        return (answer.Status, answer.Status == 200 ? "" : answer.Text);
    }

    private async Task<(int, string)> ArrowAsync(int rows)
    {
        var batch = ArrowClient.Column("logits", "FP32", [rows, Classes], new double[rows * Classes]);
        var answer = await new ArrowClient(_service).PostAsync("cross_entropy?outputs=gradient",
            batch, ArrowClient.Column("labels", "INT64", [rows], new double[rows]));
        return (answer.Status, answer.Status == 200 ? "" : answer.Text);
    }

    private async Task<(int, string)> CallAsync(int rows)
    {
        var request = new ModelInferRequest { ModelName = "cross_entropy" };
        request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = "logits", Datatype = "FP32", Shape = { rows, Classes } });
        request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = "labels", Datatype = "INT64", Shape = { rows } });
        request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "gradient" });
        request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "probabilities" });
        request.RawInputContents.Add(Google.Protobuf.ByteString.CopyFrom(new byte[4 * rows * Classes]));
        request.RawInputContents.Add(Google.Protobuf.ByteString.CopyFrom(new byte[8 * rows]));
        try
        {
            await new OipClient(_service).CallAsync(request);
            return (200, "");
        }
        catch (RpcException refused)
        {
            return (refused.StatusCode == StatusCode.ResourceExhausted ? 413 : 500, $"{refused.StatusCode} {refused.Status.Detail}");
        }
    }
}
