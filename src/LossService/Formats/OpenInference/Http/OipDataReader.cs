using LossService.Core.Tensors;
using LossService.Formats.Json;
using LossService.Formats.Numbers;
using LossService.Requests;

namespace LossService.Formats.OpenInference.Http;

/// <summary>Reads the <c>data</c> of an input from JSON: fast where it has the usual form, otherwise exactly.</summary>
internal static unsafe class OipDataReader
{
    /// <summary>Reads an array of numbers at memory speed.</summary>
    /// <param name="dtype">The type of the elements; integers of every size are read as int64.</param>
    /// <param name="text">The start of the array.</param>
    /// <param name="end">The end of the text, with <see cref="NumberArrayReader.Slack"/> readable bytes after it.</param>
    /// <param name="memory">What the tensor is taken from; null = not counted.</param>
    /// <returns>The tensor and the length of its text; null where the exact reader must read it.</returns>
    public static (Tensor Tensor, int Length)? TryReadFast(DType dtype, byte* text, byte* end, MemoryBudget? memory) => dtype switch
    {
        DType.Float32 => TryReadFast<Float32Element>(DType.Float32, text, end, memory),
        DType.Float64 => TryReadFast<Float64Element>(DType.Float64, text, end, memory),
        DType.Float16 or DType.BFloat16 or DType.Bool => null,
        _ => TryReadFast<Int64Element>(DType.Int64, text, end, memory),
    };

    private static (Tensor, int)? TryReadFast<TElement>(DType dtype, byte* text, byte* end, MemoryBudget? memory)
        where TElement : unmanaged, INumberElement<TElement>
    {
        var elements = new NativeBuffer(0, memory);
        var isRead = false;
        try
        {
            isRead = NumberArrayReader.TryRead<TElement>(text, end, elements, out var array);
            return isRead ? (new(dtype, new(array.Shape), elements) { IsFinite = true }, (int)array.Length) : null;
        }
        finally
        {
            if (!isRead) elements.Dispose();
        }
    }

    /// <summary>Reads a value that is known to be JSON, and notes every error in it.</summary>
    public static Tensor? ReadExactly(OipInput input, ReadOnlySpan<byte> value, OipRequest request)
    {
        var path = $"inputs/{input.Index}/data";
        request.Addresses.Add(path, input.Pointer + "/data", input.Name);
        if (!input.DType.HasJson())
        {
            request.Note(path, $"{input.Name} is {input.DType.Datatype()}, which JSON cannot carry: send it as binary data");
            return null;
        }
        if (input.DType == DType.Bool || input.DType.IsFloat())
            return JsonTensorReader.Read(
                path, value, input.DType, request.Batch, areWeights: input.Field == TensorField.SampleWeight);
        var cancellation = request.Batch.Allowance.Cancellation;
        if (JsonTensorReader.FindNonInteger(value, cancellation) is not var (position, text))
            return JsonTensorReader.Read(path, value, DType.Int64, request.Batch);
        if (input.DType == DType.UInt64 && JsonTensorReader.FindNonInteger(value, cancellation, isUnsigned: true) is null)
            return JsonTensorReader.Read(path, value, DType.UInt64, request.Batch);
        request.Errors.Add(new(path, position), $"{text} is not {input.DType.Datatype()}: {Integers(input.DType)}");
        return null;
    }

    /// <summary>Notes an integer that the input's datatype cannot hold.</summary>
    public static void CheckRange(OipInput input, Tensor data, OipRequest request)
    {
        if (data.DType != DType.Int64) return;
        var (min, max) = input.DType.Range();
        foreach (var value in data.AsSpan<long>())
        {
            if (value >= min && value <= max) continue;
            request.Note($"inputs/{input.Index}/data",
                $"{input.Name} has {value}, which is not {input.DType.Datatype()}: {Integers(input.DType)}");
            return;
        }
    }

    private static string Integers(DType dtype) =>
        $"expected an integer from {dtype.Range().Min} to {(dtype == DType.UInt64 ? ulong.MaxValue : (ulong)dtype.Range().Max)}";
}
