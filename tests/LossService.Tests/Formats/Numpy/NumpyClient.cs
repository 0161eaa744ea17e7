using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using LossService.Tests.Formats.OpenInference;
using LossService.Tests.Support;

namespace LossService.Tests.Formats.Numpy;

/// <summary>Posts forms as requests and curl do.</summary>
internal sealed class NumpyClient(TestService service)
{
    public const string Npz = "application/x-npz";

    /// <summary>Two rows of three logits and their classes.</summary>
    public static (string, object)[] Good =>
    [
        ("logits", NpyFile.Write("FP32", [2, 3], [2, 1, 0.5, 0.25, 2.25, 0.5])), ("labels", NpyFile.Write("INT64", [2], [0, 1])),
    ];

    /// <summary>Posts parts: bytes as files, anything else as text.</summary>
    public Task<Answer> PostAsync(IEnumerable<(string Name, object Value)> parts, string? accept = null, string path = "cross_entropy")
    {
        var form = new MultipartFormDataContent();
        foreach (var (name, value) in parts)
        {
            if (value is byte[] file) form.Add(new ByteArrayContent(file), name, name + ".npy");
            else form.Add(new StringContent(Convert.ToString(value, CultureInfo.InvariantCulture)!), name);
        }
        return PostAsync(form, accept, path);
    }

    /// <summary>Posts any content.</summary>
    public Task<Answer> PostAsync(HttpContent content, string? accept = null, string path = "cross_entropy")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/losses/{path}") { Content = content };
        if (accept is not null) request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse(accept));
        return service.SendAsync(request);
    }

    /// <summary>Posts a batch and gets its scores by name.</summary>
    public async Task<Dictionary<string, double[]>> ScoreAsync(OipBatch batch, IEnumerable<string> outputs)
    {
        var parts = batch.Inputs.Select(input => (input.Name, (object)NpyFile.Write(input.Datatype, input.Shape, input.Numbers)))
            .Concat(batch.Parameters.Select(parameter => (parameter.Name, Text(parameter.Value))))
            .Concat(outputs.Select(output => ("outputs", (object)output)));
        var answer = await PostAsync(parts, Npz, batch.Model);
        Assert.True(answer.Status == 200, answer.Text);
        return NpyFile.ReadArchive(answer.Body).ToDictionary(file => file.Key, file => file.Value.Numbers);
    }

    private static object Text(object value) => value is string ? value : JsonSerializer.Serialize(value);
}
