using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
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
        _encoding = request.TensorEncoding;
        pipe.Write("{"u8);
        if (line is { } number)
        {
            Name("line"u8);
            Number(number);
        }
        if (request.Id is { } id)
        {
            Name("id"u8);
            pipe.Write("\""u8);
            pipe.Write(JsonEncodedText.Encode(id).EncodedUtf8Bytes);
            pipe.Write("\""u8);
        }
        var asked = request.Outputs ?? OutputCatalogue.GetDefault(request.Reduction);
        foreach (var output in OutputCatalogue.All)
        {
            if (!output.IsIn(asked)) continue;
            if (scores.GetTensor(output) is { } tensor) await WriteAsync(output, tensor);
            else if (output.Shape == OutputShape.Metrics) Write(scores.Metrics!);
            else WriteLoss(output, scores.Loss);
        }
        Write(scores.Totals);
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
        pipe.Write("{\"samples\":"u8);
        Number(totals.Samples);
        pipe.Write(",\"weight\":"u8);
        Number(totals.Weight);
        pipe.Write(",\"loss\":"u8);
        Number(totals.Loss);
        pipe.Write("}"u8);
    }

    private void Write(Metrics metrics)
    {
        Name("metrics"u8);
        pipe.Write("{\"accuracy\":"u8);
        Number(metrics.Accuracy);
        if (metrics.TopKAccuracy.Count > 0)
        {
            pipe.Write(",\"top_k_accuracy\":{"u8);
            for (var i = 0; i < metrics.TopKAccuracy.Count; i++)
            {
                pipe.Write(i == 0 ? "\""u8 : ",\""u8);
                Number(metrics.TopKAccuracy[i].Key);
                pipe.Write("\":"u8);
                Number(metrics.TopKAccuracy[i].Value);
            }
            pipe.Write("}"u8);
        }
        pipe.Write(",\"perplexity\":"u8);
        Number(metrics.Perplexity);
        pipe.Write(",\"expected_calibration_error\":"u8);
        Number(metrics.ExpectedCalibrationError);
        pipe.Write(",\"bins\":["u8);
        for (var i = 0; i < metrics.Bins.Count; i++)
        {
            var bin = metrics.Bins[i];
            pipe.Write(i == 0 ? "{\"lower\":"u8 : ",{\"lower\":"u8);
            Number(bin.Lower);
            pipe.Write(",\"upper\":"u8);
            Number(bin.Upper);
            pipe.Write(",\"samples\":"u8);
            Number(bin.Samples);
            pipe.Write(",\"weight\":"u8);
            Number(bin.Weight);
            pipe.Write(",\"accuracy\":"u8);
            Number(bin.Accuracy);
            pipe.Write(",\"confidence\":"u8);
            Number(bin.Confidence);
            pipe.Write("}"u8);
        }
        pipe.Write("]}"u8);
    }

    private void WriteLoss(Output output, double? loss)
    {
        Name(output);
        Number(loss);
    }

    private async ValueTask WriteAsync(Output output, Tensor tensor)
    {
        Name(output);
        if (_encoding == TensorEncoding.Base64)
        {
            await Base64Tensor.WriteAsync(tensor, pipe, cancellation);
        }
        else if (tensor.DType is DType.Float16 or DType.BFloat16)
        {
            using var widened = Widen(tensor);
            await WriteNumbersAsync(widened);
        }
        else
        {
            await WriteNumbersAsync(tensor);
        }
    }

    /// <summary>Half-precision numbers as floats, which are exactly those numbers and have a text.</summary>
    private static Tensor Widen(Tensor tensor)
    {
        var widened = new Tensor(DType.Float32, tensor.Shape);
        Span<double> block = stackalloc double[512];
        for (long start = 0; start < tensor.Count; start += block.Length)
        {
            var part = block[..(int)long.Min(block.Length, tensor.Count - start)];
            tensor.Read(start, part);
            widened.Write(start, part);
        }
        return widened;
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
        _ => array.WriteBlock(tensor.AsSpan<float>(), pipe),
    };

    private void WriteScalar(Tensor tensor)
    {
        if (tensor.DType == DType.Int64) Number(tensor.Integer(0));
        else if (tensor.DType == DType.Float64) Number(tensor.AsSpan<double>()[0]);
        else Number(tensor.AsSpan<float>()[0]);
    }

    private void Name(Output output)
    {
        Span<byte> name = stackalloc byte[64];
        Name(name[..Encoding.ASCII.GetBytes(output.Name, name)]);
    }

    private void Name(ReadOnlySpan<byte> name)
    {
        pipe.Write(_isFirst ? "\""u8 : ",\""u8);
        pipe.Write(name);
        pipe.Write("\":"u8);
        _isFirst = false;
    }

    private void Number(double? value)
    {
        if (value is { } number) Number(number);
        else pipe.Write("null"u8);
    }

    private unsafe void Number(long value)
    {
        fixed (byte* text = pipe.GetSpan(NumberWriter.Room)) pipe.Advance(NumberWriter.Write(value, text));
    }

    private unsafe void Number(double value)
    {
        fixed (byte* text = pipe.GetSpan(NumberWriter.Room)) pipe.Advance(NumberWriter.Write(value, text));
    }

    private unsafe void Number(float value)
    {
        fixed (byte* text = pipe.GetSpan(NumberWriter.Room)) pipe.Advance(NumberWriter.Write(value, text));
    }
}
