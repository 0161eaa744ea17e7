using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using LossService.Core.Tensors;
using LossService.Formats.Numbers;
using LossService.Http;

namespace LossService.Formats.OpenInference.Http;

/// <summary>Writes a response over HTTP: JSON, and after it the outputs that are wanted as bytes, straight from tensor memory.</summary>
internal sealed class OipResponseWriter(OipResponse result, HttpResponse response, ResponseWriter body, MemoryBudget? memory)
{
    /// <summary>How many bytes are written between two flushes.</summary>
    private const int Chunk = 64 * 1024;

    private readonly CancellationToken _cancellation = response.HttpContext.RequestAborted;

    /// <summary>Writes headers and body.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="id">The request's id.</param>
    public async ValueTask WriteAsync(string model, string id)
    {
        if (!result.Outputs.Any(output => output.IsBinary))
        {
            await WriteJsonAsync(body, model, id);
            return;
        }

        // a header has the length of the JSON, so all of it is written before anything is sent
        using (var json = new NativeWriter(memory))
        {
            await WriteJsonAsync(json, model, id);
            response.ContentType = OipHttp.Binary;
            response.Headers[OipHttp.HeaderLength] = json.Length.ToString(CultureInfo.InvariantCulture);
            response.ContentLength = json.Length + result.Outputs.Where(output => output.IsBinary).Sum(output => output.Tensor.Bytes);
            for (long start = 0; start < json.Length; start += Chunk)
            {
                body.Write(json.Slice(start, (int)long.Min(Chunk, json.Length - start)));
                if (json.Length > Chunk) await body.FlushAsync(_cancellation);
            }
        }
        foreach (var output in result.Outputs.Where(output => output.IsBinary)) await WriteBytesAsync(output.Tensor);
    }

    private async ValueTask WriteJsonAsync(PipeWriter pipe, string model, string id)
    {
        Write(pipe, $$"""{"model_name":"{{model}}","model_version":"{{OipModel.Version}}","id":"{{JsonEncodedText.Encode(id)}}",""");
        Write(pipe, $"\"parameters\":{{\"total_samples\":{result.Totals.Samples},\"total_weight\":");
        Write(pipe, result.Totals.Weight);
        Write(pipe, ",\"total_loss\":");
        Write(pipe, result.Totals.Loss);
        if (result.Notices is { } notices) Write(pipe, $",\"notices\":\"{JsonEncodedText.Encode(notices)}\"");
        Write(pipe, "},\"outputs\":[");
        var separator = "";
        foreach (var (name, tensor, isBinary) in result.Outputs)
        {
            var shape = string.Join(',', tensor.Shape.Axes.ToArray());
            Write(pipe, $$"""{{separator}}{"name":"{{name}}","shape":[{{shape}}],"datatype":"{{tensor.DType.Datatype()}}",""");
            if (isBinary)
            {
                Write(pipe, $"\"parameters\":{{\"binary_data_size\":{tensor.Bytes}}}}}");
            }
            else
            {
                Write(pipe, "\"data\":");
                await WriteNumbersAsync(pipe, tensor);
                Write(pipe, "}");
            }
            separator = ",";
        }
        Write(pipe, "]}");
    }

    /// <summary>Writes the elements as one flat list, row-major.</summary>
    private async ValueTask WriteNumbersAsync(PipeWriter pipe, Tensor tensor)
    {
        if (tensor.Count == 0)
        {
            Write(pipe, "[]");
            return;
        }
        var list = new NumberArrayWriter([checked((int)tensor.Count)]);
        while (WriteBlock(list, tensor, pipe)) await pipe.FlushAsync(_cancellation);
    }

    private static bool WriteBlock(NumberArrayWriter list, Tensor tensor, PipeWriter pipe) => tensor.DType switch
    {
        DType.Int64 => list.WriteBlock(tensor.AsSpan<long>(), pipe),
        DType.Float64 => list.WriteBlock(tensor.AsSpan<double>(), pipe),
        _ => list.WriteBlock(tensor.AsSpan<float>(), pipe),
    };

    private async ValueTask WriteBytesAsync(Tensor tensor)
    {
        var bytes = tensor.Bytes;
        for (long start = 0; start < bytes; start += Chunk)
        {
            Copy(tensor, start, (int)long.Min(Chunk, bytes - start), body);
            // the last chunk is sent with what follows, so a small response goes out in one piece
            if (start + Chunk < bytes) await body.FlushAsync(_cancellation);
        }
    }

    private static unsafe void Copy(Tensor tensor, long start, int length, PipeWriter pipe) =>
        pipe.Write(new ReadOnlySpan<byte>(tensor.Data + start, length));

    private static unsafe void Write(PipeWriter pipe, double number)
    {
        fixed (byte* text = pipe.GetSpan(NumberWriter.Room)) pipe.Advance(NumberWriter.Write(number, text));
    }

    private static void Write(PipeWriter pipe, string text) => Encoding.UTF8.GetBytes(text, pipe);
}
