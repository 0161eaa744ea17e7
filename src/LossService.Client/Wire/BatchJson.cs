using System.Text.Json;

namespace LossService.Client.Wire;

/// <summary>A batch as members of JSON, tensors as base64.</summary>
internal static class BatchJson
{
    /// <summary>Writes the members that a batch has.</summary>
    public static void Write(Utf8JsonWriter json, LossBatch batch)
    {
        if (batch.Id is not null) json.WriteString("id", batch.Id);
        foreach (var (name, tensor) in batch.Tensors)
        {
            json.WriteStartObject(name);
            json.WriteString("dtype", tensor.DType.NativeName());
            json.WriteStartArray("shape");
            foreach (var axis in tensor.Shape) json.WriteNumberValue(axis);
            json.WriteEndArray();
            json.WriteBase64String("data", tensor.Bytes.Span);
            json.WriteEndObject();
        }
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
}
