using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Core.Validation;
using LossService.Formats.Numbers;
using LossService.Requests;

namespace LossService.Formats.Json;

/// <summary>Writes scores as the native response, straight into the pipe, flushing as it goes.</summary>
internal sealed class JsonScoresWriter(PipeWriter pipe, CancellationToken cancellation)
{
    private bool _isFirst = true;
    private TensorEncoding _encoding;

    /// <summary>Writes <c>{"loss": …, "losses": …, …, "totals": …}</c>; in a stream, <c>"line"</c> stands before them.</summary>
    public async ValueTask WriteAsync(Scores scores, ScoreRequest request, long? line = null)
    {
        Start(request, line);
        var asked = request.Outputs ?? OutputCatalogue.GetDefault(request.Reduction);
        foreach (var output in OutputCatalogue.All)
        {
            if (!output.IsIn(asked)) continue;
            if (scores.GetTensor(output) is { } tensor) await WriteAsync(output, tensor);
            else if (output.Shape == OutputShape.Metrics) Write(scores.Metrics!);
            else WriteLoss(output, scores.Loss);
        }
        Write(scores.Totals);
        Finish(request);
    }

    /// <summary>Writes <c>{"loss": …, "gradient": …, "hessian": …}</c> of several losses.</summary>
    public async ValueTask WriteAsync(Combination combined, ScoreRequest request)
    {
        _encoding = request.TensorEncoding;
        pipe.Write("{"u8);
        foreach (var output in OutputCatalogue.All)
        {
            if (output.Flag == OutputSet.Loss) WriteLoss(output, combined.Loss);
            else if (combined.GetTensor(output) is { } tensor) await WriteAsync(output, tensor);
        }
        pipe.Write("}"u8);
    }

    /// <summary>Begins the object of a response.</summary>
    public void Start(ScoreRequest request, long? line)
    {
        _encoding = request.TensorEncoding;
        pipe.Write("{"u8);
        if (line is { } number)
        {
            Name("line"u8);
            pipe.WriteNumber(number);
        }
        if (request.Id is { } id)
        {
            Name("id"u8);
            pipe.Write("\""u8);
            pipe.Write(JsonEncodedText.Encode(id).EncodedUtf8Bytes);
            pipe.Write("\""u8);
        }
    }

    /// <summary>Ends the object of a response.</summary>
    public void Finish(ScoreRequest request)
    {
        if (request.Notices.Count > 0) Write(request.Notices);
        pipe.Write("}"u8);
    }

    private void Write(IReadOnlyList<BatchNotice> notices)
    {
        Name("notices"u8);
        for (var i = 0; i < notices.Count; i++)
        {
            pipe.Write(i == 0 ? "[{\"pointer\":\""u8 : ",{\"pointer\":\""u8);
            pipe.Write(JsonEncodedText.Encode(JsonPointer.Format(new(notices[i].Field))).EncodedUtf8Bytes);
            pipe.Write("\",\"detail\":\""u8);
            pipe.Write(JsonEncodedText.Encode(notices[i].Detail).EncodedUtf8Bytes);
            pipe.Write("\"}"u8);
        }
        pipe.Write("]"u8);
    }

    private void Write(Totals totals)
    {
        Name("totals"u8);
        JsonTotals.Write(totals, pipe);
    }

    private void Write(Metrics metrics)
    {
        Name("metrics"u8);
        JsonMetrics.Write(metrics, pipe);
    }

    private void WriteLoss(Output output, double? loss)
    {
        Name(output);
        pipe.WriteNumber(loss);
    }

    private async ValueTask WriteAsync(Output output, Tensor tensor)
    {
        Name(output);
        if (_encoding == TensorEncoding.Base64)
        {
            await Base64Tensor.WriteAsync(tensor, pipe, cancellation);
        }
        else
        {
            await WriteNumbersAsync(tensor);
        }
    }

    private async ValueTask WriteNumbersAsync(Tensor tensor)
    {
        if (tensor.Shape.Rank == 0)
        {
            WriteScalar(tensor);
            return;
        }
        if (tensor.Count == 0)
        {
            pipe.Write("[]"u8);
            return;
        }
        var array = new NumberArrayWriter(tensor.Shape.Axes);
        while (WriteBlock(ref array, tensor)) await pipe.FlushAsync(cancellation);
    }

    private bool WriteBlock(ref NumberArrayWriter array, Tensor tensor) => tensor.DType switch
    {
        DType.Int64 => array.WriteBlock(tensor.AsSpan<long>(), pipe),
        DType.Float64 => array.WriteBlock(tensor.AsSpan<double>(), pipe),
        DType.Float16 => array.WriteBlock(tensor.AsSpan<Half>(), pipe),
        DType.BFloat16 => array.WriteBlock(tensor.AsSpan<ushort>(), pipe),
        _ => array.WriteBlock(tensor.AsSpan<float>(), pipe),
    };

    private void WriteScalar(Tensor tensor)
    {
        if (tensor.DType == DType.Int64) pipe.WriteNumber(tensor.Integer(0));
        else if (tensor.DType == DType.Float64) pipe.WriteNumber(tensor.AsSpan<double>()[0]);
        else pipe.WriteNumber(ReadSingle(tensor));
    }

    private static float ReadSingle(Tensor tensor)
    {
        Span<double> number = stackalloc double[1];
        tensor.Read(0, number);
        return (float)number[0];
    }

    private void Name(Output output)
    {
        Span<byte> name = stackalloc byte[64];
        Name(name[..Encoding.ASCII.GetBytes(output.Name, name)]);
    }

    /// <summary>Begins a member.</summary>
    public void Name(ReadOnlySpan<byte> name)
    {
        pipe.Write(_isFirst ? "\""u8 : ",\""u8);
        pipe.Write(name);
        pipe.Write("\":"u8);
        _isFirst = false;
    }
}
