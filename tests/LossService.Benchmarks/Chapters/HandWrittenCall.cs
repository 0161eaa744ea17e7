using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using LossService.Benchmarks.Racing;

namespace LossService.Benchmarks.Chapters;

/// <summary>What an application would write without a client: an infer request with binary tensors by <see cref="HttpClient"/>.</summary>
internal sealed class HandWrittenCall(int port) : IDisposable
{
    private const string JsonLength = "Inference-Header-Content-Length";

    private readonly HttpClient _http = new() { BaseAddress = new($"http://127.0.0.1:{port}") };

    /// <summary>Scores a batch; its gradient is read too.</summary>
    public double Score(DrawnBatch batch, int rows, int classes) => ScoreAsync(batch, rows, classes).GetAwaiter().GetResult().Loss;

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<(double Loss, float[] Gradient)> ScoreAsync(DrawnBatch batch, int rows, int classes)
    {
        var binary = new { binary_data = true };
        var json = JsonSerializer.SerializeToUtf8Bytes(new
        {
            inputs = new object[]
            {
                new { name = "logits", datatype = "FP32", shape = new[] { rows, classes }, parameters = Size(batch.Logits.Length * 4) },
                new { name = "labels", datatype = "INT64", shape = new[] { rows }, parameters = Size(batch.Labels.Length * 8) },
            },
            outputs = new[] { new { name = "loss", parameters = binary }, new { name = "gradient", parameters = binary } },
        });
        var body = new byte[json.Length + batch.Logits.Length * 4 + batch.Labels.Length * 8];
        json.CopyTo(body, 0);
        MemoryMarshal.AsBytes<float>(batch.Logits).CopyTo(body.AsSpan(json.Length));
        MemoryMarshal.AsBytes<long>(batch.Labels).CopyTo(body.AsSpan(json.Length + batch.Logits.Length * 4));

        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/models/cross_entropy/infer");
        request.Content = new ByteArrayContent(body);
        request.Headers.Add(JsonLength, json.Length.ToString(CultureInfo.InvariantCulture));
        using var response = await _http.SendAsync(request);
        response.EnsureSuccessStatusCode();
        var answer = await response.Content.ReadAsByteArrayAsync();
        var length = int.Parse(response.Headers.GetValues(JsonLength).Single(), CultureInfo.InvariantCulture);
        using var document = JsonDocument.Parse(answer.AsMemory(0, length));
        var sizes = document.RootElement.GetProperty("outputs").EnumerateArray()
            .Select(output => output.GetProperty("parameters").GetProperty("binary_data_size").GetInt32()).ToArray();
        return (BitConverter.ToDouble(answer, length),
            MemoryMarshal.Cast<byte, float>(answer.AsSpan(length + sizes[0], sizes[1])).ToArray());

        static object Size(int bytes) => new { binary_data_size = bytes };
    }
}
