using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Google.Protobuf;
using LossService.Core.Tensors;
using LossService.Formats.OpenInference;
using LossService.Formats.OpenInference.Grpc;

namespace LossService.Tests.Shared.Hostile;

/// <summary>Writes batches as messages of a gRPC call, with tensors as bytes or as typed numbers.</summary>
internal static class InferMessage
{
    /// <summary>Writes a message with the five bytes before it.</summary>
    public static byte[] Write(HostileBatch batch, Choices choices, int room, bool isCompressed)
    {
        var message = new ModelInferRequest { ModelName = batch.Loss.Name };
        var isRaw = !choices.OneIn(2);
        foreach (var (name, tensor) in batch.Tensors)
        {
            var dtype = name switch
            {
                "labels" => choices.Of(DType.Int64, DType.Int32, DType.UInt8),
                "mask" => choices.Of(DType.Bool, DType.UInt8),
                _ => choices.Of(DType.Float32, DType.Float64),
            };
            var input = new ModelInferRequest.Types.InferInputTensor { Name = name, Datatype = dtype.Datatype() };
            input.Shape.AddRange(tensor.Axes.Select(axis => (long)axis));
            var bytes = new BodyText(room / 2);
            tensor.WriteBytes(bytes, isRaw ? dtype : WideOf(dtype));
            if (isRaw) message.RawInputContents.Add(ByteString.CopyFrom(bytes.Bytes));
            else input.Contents = Typed(bytes.Bytes, dtype);
            message.Inputs.Add(input);
        }
        foreach (var (name, value) in batch.Members) message.Parameters[name] = Parameter(Encoding.UTF8.GetString(value.Bytes));
        foreach (var output in batch.Outputs ?? [])
            message.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = InferBody.NameOf(output) });
        var body = message.ToByteArray();
        if (choices.OneIn(16)) body = [.. body, choices.Byte(), choices.Byte()];
        return Prefix(isCompressed ? Compress(body) : body, isCompressed);
    }

    private static DType WideOf(DType dtype) => dtype switch
    {
        DType.Float32 or DType.Float64 or DType.Bool or DType.Int64 => dtype,
        _ => DType.Int32,
    };

    private static InferTensorContents Typed(ReadOnlySpan<byte> bytes, DType dtype)
    {
        var contents = new InferTensorContents();
        var size = WideOf(dtype).Size();
        for (; bytes.Length >= size; bytes = bytes[size..])
        {
            switch (dtype)
            {
                case DType.Float32: contents.Fp32Contents.Add(BitConverter.ToSingle(bytes)); break;
                case DType.Float64: contents.Fp64Contents.Add(BitConverter.ToDouble(bytes)); break;
                case DType.Bool: contents.BoolContents.Add(bytes[0] != 0); break;
                case DType.Int64: contents.Int64Contents.Add(BitConverter.ToInt64(bytes)); break;
                case DType.UInt8: contents.UintContents.Add(BitConverter.ToUInt32(bytes)); break;
                default: contents.IntContents.Add(BitConverter.ToInt32(bytes)); break;
            }
        }
        return contents;
    }

    private static InferParameter Parameter(string json) =>
        json is "true" or "false" ? new() { BoolParam = json == "true" }
        : long.TryParse(json, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer) ? new() { Int64Param = integer }
        : json.Length < 40 && double.TryParse(json, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? new() { DoubleParam = number }
        : new() { StringParam = json.Trim('"') };

    private static byte[] Compress(byte[] message)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest)) gzip.Write(message);
        return compressed.ToArray();
    }

    private static byte[] Prefix(byte[] message, bool isCompressed)
    {
        var body = new byte[5 + message.Length];
        body[0] = isCompressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(1), (uint)message.Length);
        message.CopyTo(body, 5);
        return body;
    }
}
