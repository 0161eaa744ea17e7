using LossService.Core.Tensors;
using LossService.Formats.Json;
using LossService.Formats.Numbers;

namespace LossService.Formats.OpenInference.Http;

/// <summary>Reads the <c>data</c> of an input from JSON, fast where it is as usual, and exactly where it is not.</summary>
internal static unsafe class OipDataReader
{
    /// <summary>Reads an array of numbers at memory speed.</summary>
    /// <param name="dtype">What the elements are; integers of every size are read as int64.</param>
    /// <param name="text">Where the array begins.</param>
    /// <param name="end">The end of the text, with <see cref="NumberArrayReader.Slack"/> readable bytes behind it.</param>
    /// <returns>The tensor and the length of its text; null where the exact reader must look.</returns>
    public static (Tensor Tensor, int Length)? TryReadFast(DType dtype, byte* text, byte* end) => dtype switch
    {
        DType.Float32 => TryReadFast<Float32Element>(DType.Float32, text, end),
        DType.Float64 => TryReadFast<Float64Element>(DType.Float64, text, end),
        DType.Float16 or DType.BFloat16 or DType.Bool => null,
        _ => TryReadFast<Int64Element>(DType.Int64, text, end),
    };

    private static (Tensor, int)? TryReadFast<TElement>(DType dtype, byte* text, byte* end)
        where TElement : unmanaged, INumberElement<TElement>
    {
        var elements = new NativeBuffer();
        if (NumberArrayReader.TryRead<TElement>(text, end, elements, out var array))
            return (new(dtype, new(array.Shape), elements) { IsFinite = true }, (int)array.Length);
        elements.Dispose();
        return null;
    }

    /// <summary>Reads a value that is known to be JSON; notes everything in it that does not fit.</summary>
    public static Tensor? ReadExactly(OipInput input, ReadOnlySpan<byte> value, OipRequest request)
    {
        var path = $"inputs/{input.Index}/data";
        request.Addresses.Add(path, input.Pointer + "/data", input.Name);
        if (!input.DType.HasJson())
        {
            request.Note(path, $"{input.Name} is {input.DType.Datatype()}, which has no JSON: send it as binary");
            return null;
        }
        if (input.DType == DType.Bool || input.DType.IsFloat()) return JsonTensorReader.Read(path, value, input.DType, request.Errors);
        if (JsonTensorReader.FindNonInteger(value) is not var (position, text)) return JsonTensorReader.Read(path, value, DType.Int64, request.Errors);
        request.Errors.Add(new(path, position), $"expected {Integers(input.DType)} for {input.DType.Datatype()}, got {text}");
        return null;
    }

    /// <summary>Notes the integers that the input's datatype does not hold.</summary>
    public static void CheckRange(OipInput input, Tensor data, OipRequest request)
    {
        if (data.DType != DType.Int64) return;
        var (least, largest) = input.DType.Range();
        foreach (var value in data.AsSpan<long>())
        {
            if (value >= least && value <= largest) continue;
            request.Note($"inputs/{input.Index}/data", $"{input.Name} has {value}; expected {Integers(input.DType)} for {input.DType.Datatype()}");
            return;
        }
    }

    private static string Integers(DType dtype) => $"an integer from {dtype.Range().Least} to {dtype.Range().Largest}";
}
