using System.Globalization;
using System.Text.Json;

namespace LossService.Client.Wire;

/// <summary>Reads the answer to an infer request: JSON, then the bytes of each output, each into its tensor.</summary>
internal static class InferReader
{
    /// <summary>Reads the scores of a batch.</summary>
    /// <param name="response">The answer, of which nothing is read.</param>
    /// <param name="topK">The k of its top-k accuracies.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="HttpRequestException">It broke off, or is none of the service's.</exception>
    public static async ValueTask<LossScores> ReadAsync(
        HttpResponseMessage response, IReadOnlyList<long>? topK, CancellationToken cancellation)
    {
        try
        {
            if (!response.Headers.TryGetValues(InferContent.JsonLength, out var lengths))
                throw new FormatException($"it has no header {InferContent.JsonLength}");
            var json = new byte[int.Parse(lengths.Single(), NumberStyles.None, CultureInfo.InvariantCulture)];
            var body = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            await using var _ = body.ConfigureAwait(false);
            await body.ReadExactlyAsync(json, cancellation).ConfigureAwait(false);
            using var document = JsonDocument.Parse(json);
            var tensors = new Dictionary<string, LossTensor>();
            foreach (var output in document.RootElement.GetProperty("outputs").EnumerateArray())
            {
                nint[] shape = [.. output.GetProperty("shape").EnumerateArray().Select(axis => (nint)axis.GetInt64())];
                var dtype = ElementTypes.Parse(output.GetProperty("datatype").GetString());
                var tensor = LossTensor.Receive(dtype, shape, out var memory);
                await body.ReadExactlyAsync(memory, cancellation).ConfigureAwait(false);
                tensors[output.GetProperty("name").GetString()!] = tensor;
            }
            return ToScores(document.RootElement, tensors, topK);
        }
        catch (IOException broken)
        {
            throw new HttpRequestException(HttpRequestError.ResponseEnded, "the answer broke off", broken);
        }
        catch (Exception other) when (other is JsonException or FormatException or KeyNotFoundException or InvalidOperationException
            or OverflowException)
        {
            throw new HttpRequestException(
                HttpRequestError.InvalidResponse, $"the answer is not one of LossService: {other.Message}", other);
        }
    }

    private static LossScores ToScores(JsonElement json, Dictionary<string, LossTensor> tensors, IReadOnlyList<long>? topK)
    {
        var parameters = json.GetProperty("parameters");
        var totals = new LossTotals(
            parameters.GetProperty("total_samples").GetInt64(), JsonValues.GetNumber(parameters, "total_weight") ?? 0,
            JsonValues.GetNumber(parameters, "total_loss") ?? 0);
        var metrics = tensors.ContainsKey(OutputNames.Accuracy) ? InferMetrics.Read(tensors, topK ?? []) : null;
        var hasLoss = tensors.Remove(OutputNames.Loss, out var loss);
        return new((hasLoss, hasLoss ? OrNothing(loss!.AsSpan<double>()[0]) : null), tensors, metrics, totals)
        {
            Id = json.GetProperty("id").GetString(),
            Notices = parameters.TryGetProperty("notices", out var notices) ? notices.GetString() : null,
        };

        // a tensor has no null: a mean over nothing is NaN there
        double? OrNothing(double number) =>
            double.IsNaN(number) && (totals.Samples == 0 || totals.Weight == 0) ? null : number;
    }
}
