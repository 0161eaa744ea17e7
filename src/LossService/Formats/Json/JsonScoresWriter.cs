using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using LossService.Core;

namespace LossService.Formats.Json;

/// <summary>Writes scores as the native response, straight into the pipe, flushing as it goes.</summary>
internal sealed class JsonScoresWriter(PipeWriter pipe, CancellationToken cancellation)
{
    /// <summary>How much is written between two flushes.</summary>
    private const int FlushAt = 64 * 1024;

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
        if ((request.Outputs ?? Outputs.Loss).HasFlag(Outputs.Loss) && request.Reduction != Reduction.None)
        {
            Name("loss"u8);
            Number(scores.Loss);
        }
        await WriteAsync("losses", scores.Losses);
        await WriteAsync("gradient", scores.Gradient);
        await WriteAsync("probabilities", scores.Probabilities);
        await WriteAsync("log_probabilities", scores.LogProbabilities);
        await WriteAsync("entropy", scores.Entropy);
        await WriteAsync("predictions", scores.Predictions);
        if (scores.Metrics is { } metrics) Write(metrics);
        Write(scores.Totals);
        pipe.Write("}"u8);
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

    private async ValueTask WriteAsync(string name, Tensor? tensor)
    {
        if (tensor is null) return;
        Name(System.Text.Encoding.UTF8.GetBytes(name));
        var shape = tensor.Shape;
        if (_encoding == TensorEncoding.Base64)
        {
            await Base64Tensor.WriteAsync(tensor, pipe, cancellation);
            return;
        }
        if (shape.Rank == 0)
        {
            WriteRow(tensor, 0, 1);
            return;
        }
        for (long start = 0; start < tensor.Count; start += shape.Last)
        {
            if (start > 0) pipe.Write(","u8);
            for (var axis = Depth(shape, start); axis > 0; axis--) pipe.Write("["u8);
            WriteRow(tensor, start, shape.Last);
            for (var axis = Depth(shape, start + shape.Last); axis > 0; axis--) pipe.Write("]"u8);
            if (pipe.UnflushedBytes >= FlushAt) await pipe.FlushAsync(cancellation);
        }
    }

    /// <summary>How many brackets stand at element <paramref name="element"/>, a row's start or end.</summary>
    private static int Depth(Shape shape, long element)
    {
        var depth = 0;
        long size = 1;
        for (var axis = shape.Rank - 1; axis >= 0; axis--)
        {
            size *= shape.Axes[axis];
            if (element % size == 0) depth++;
        }
        return depth;
    }

    private void WriteRow(Tensor tensor, long start, int count)
    {
        for (var i = start; i < start + count; i++)
        {
            if (i > start) pipe.Write(","u8);
            if (tensor.DType == DType.Int64) Number(tensor.Integer(i));
            else if (tensor.DType == DType.Float64) Number(tensor.AsSpan<double>()[(int)i]);
            else if (tensor.DType == DType.Float32) Number(tensor.AsSpan<float>()[(int)i]);
            else if (tensor.DType == DType.Float16) Number(tensor.AsSpan<Half>()[(int)i]);
            else Number(BitConverter.UInt32BitsToSingle((uint)tensor.AsSpan<ushort>()[(int)i] << 16));
        }
    }

    private void Name(ReadOnlySpan<byte> name)
    {
        pipe.Write(_isFirst ? "\""u8 : ",\""u8);
        pipe.Write(name);
        pipe.Write("\":"u8);
        _isFirst = false;
    }

    private void Number(long value)
    {
        Utf8Formatter.TryFormat(value, pipe.GetSpan(32), out var length);
        pipe.Advance(length);
    }

    private void Number(double? value)
    {
        if (value is { } number) Number(number);
        else pipe.Write("null"u8);
    }

    private void Number<T>(T value) where T : struct, IUtf8SpanFormattable, System.Numerics.IFloatingPoint<T>
    {
        if (!T.IsFinite(value))
        {
            pipe.Write(T.IsNaN(value) ? "\"NaN\""u8 : T.IsNegative(value) ? "\"-Infinity\""u8 : "\"Infinity\""u8);
            return;
        }
        value.TryFormat(pipe.GetSpan(32), out var length, default, CultureInfo.InvariantCulture);
        pipe.Advance(length);
    }
}
