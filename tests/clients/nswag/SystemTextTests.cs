using System.Text.Json;
using LossService.Clients.NSwagSystemText;

namespace LossService.Clients.NSwag;

/// <summary>NSwag's client with System.Text.Json.</summary>
internal static class SystemTextTests
{
    public static async Task ScoresAsync(HttpClient http)
    {
        var scores = await new LossClient(http).CrossEntropyAsync(new()
        {
            Logits = Expected.Logits,
            Labels = Expected.Labels,
            Outputs = [Output.Loss, Output.Log_probabilities],
            Reduction = Reduction.Mean,
            Label_smoothing = 0.1,
        });
        Expected.Close(Expected.Loss, scores.Loss);
        Expected.Close(2.0 - Math.Log(Expected.Logits[0].Sum(Math.Exp)), ((JsonElement)scores.Log_probabilities)[0][0].GetDouble());
    }

    public static async Task KeepsClassZeroAsync(HttpClient http)
    {
        var scores = await new LossClient(http).CrossEntropyAsync(new() { Logits = Expected.Logits, Labels = new[] { 0, 0 } });
        Expected.Close(2, scores.Totals.Samples);
    }

    public static async Task ReadsNullAsync(HttpClient http)
    {
        var scores = await new LossClient(http).CrossEntropyAsync(
            new() { Logits = Expected.Logits, Labels = Expected.Labels, Mask = new[] { false, false } });
        Expected.True(scores.Loss is null, $"expected null, got {scores.Loss}");
    }

    public static async Task ReadsErrorAsync(HttpClient http)
    {
        try
        {
            await new LossClient(http).CrossEntropyAsync(new() { Logits = Expected.Logits, Labels = new[] { 0, 7 } });
        }
        catch (ApiException<Problem> refused)
        {
            Expected.True(refused.StatusCode == 422 && refused.Result.Errors.Single().Pointer == "#/labels/1", refused.Message);
            Expected.True(refused.Result.Detail == "labels[1]: class index 7 is outside 0..2", refused.Result.Detail);
            return;
        }
        throw new InvalidOperationException("no error");
    }

    public static async Task InfersAsync(HttpClient http)
    {
        var client = new LossClient(http);
        var request = new InferRequest
        {
            Inputs =
            [
                new() { Name = InputName.Logits, Shape = [2, 3], Datatype = Datatype.FP32, Data = [.. Expected.Logits] },
                new() { Name = InputName.Labels, Shape = [2], Datatype = Datatype.INT64, Data = [0, 1] },
            ],
            Parameters = new Dictionary<string, object> { ["label_smoothing"] = 0.1 },
        };
        var response = await client.ModelInferAsync(LossName.Cross_entropy, null, request);
        Expected.Close(Expected.Loss, ((JsonElement)response.Outputs.Single().Data.Single()).GetDouble());
        request.Inputs.Last().Data = [0, 7];
        try
        {
            await client.ModelInferAsync(LossName.Cross_entropy, null, request);
        }
        catch (ApiException<Problem> refused)
        {
            Expected.True(refused.Result.Error == "labels[1]: class index 7 is outside 0..2", refused.Message);
            return;
        }
        throw new InvalidOperationException("no error");
    }

    public static async Task ReadsCatalogueAsync(HttpClient http)
    {
        var client = new LossClient(http);
        var page = await client.GetLossAsync(LossName.Binary_focal);
        Expected.True(page.Kind == LossKind.Binary && page.Predictions.Contains(PredictionForm.Logits), page.Name);
        Expected.True((await client.ListLossesAsync()).Losses.Any(loss => loss.Name == page.Name), "binary_focal is not listed");
    }
}
