using System.Text.Json;

namespace LossService.Client.Wire;

/// <summary>A batch as members of JSON, tensors as base64.</summary>
internal static class BatchJson
{
    private static readonly Dictionary<string, string> SparseNames = new()
    {
        ["label_indices"] = "indices",
        ["label_values"] = "values",
        ["label_log_values"] = "log_values",
    };

    /// <summary>Writes the members that a batch has.</summary>
    public static void Write(Utf8JsonWriter json, LossBatch batch)
    {
        if (batch.Id is not null) json.WriteString("id", batch.Id);
        foreach (var (name, tensor) in batch.Tensors)
            if (!SparseNames.ContainsKey(name)) Write(name, tensor, json);
        WriteSparse(batch, json);
        WriteOutputs(json, batch.Outputs);
        batch.Options.Write(json);
        json.WriteString("tensor_encoding", "base64");
    }

    /// <summary>Writes the names of outputs, where they are not the default.</summary>
    public static void WriteOutputs(Utf8JsonWriter json, LossOutputs outputs)
    {
        if (outputs == LossOutputs.Default) return;
        json.WriteStartArray("outputs");
        foreach (var name in OutputNames.Of(outputs)) json.WriteStringValue(name);
        json.WriteEndArray();
    }

    private static void Write(string name, LossTensor tensor, Utf8JsonWriter json)
    {
        json.WriteStartObject(name);
        json.WriteString("dtype", tensor.DType.NativeName());
        json.WriteStartArray("shape");
        foreach (var axis in tensor.Shape) json.WriteNumberValue(axis);
        json.WriteEndArray();
        json.WriteBase64String("data", tensor.Bytes.Span);
        json.WriteEndObject();
    }

    /// <summary>In JSON, sparse rows are one member.</summary>
    private static void WriteSparse(LossBatch batch, Utf8JsonWriter json)
    {
        if (!batch.Tensors.Keys.Any(SparseNames.ContainsKey)) return;
        json.WriteStartObject("labels");
        foreach (var (name, member) in SparseNames)
            if (batch[name] is { } tensor) Write(member, tensor, json);
        json.WriteEndObject();
    }
}
