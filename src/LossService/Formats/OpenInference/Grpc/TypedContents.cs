using Google.Protobuf;
using Google.Protobuf.Collections;
using LossService.Core.Tensors;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>Tensors in a message's typed lists of numbers: a list for each datatype, but the small integers share one.</summary>
internal static class TypedContents
{
    /// <summary>
    /// Reads an input's list. An error is a missing list, more than one, the wrong one, a wrong length, an integer out of range.
    /// </summary>
    public static void Read(OipInput input, InferTensorContents contents, OipRequest request)
    {
        var path = $"inputs/{input.Index}/contents";
        if (!input.DType.HasJson())
        {
            request.Note(path, $"{input.Name} is {input.DType.Datatype()}, which has no typed contents: send it in raw_input_contents");
            return;
        }
        var (list, count) = Posted(contents);
        var expected = ListOf(input.DType);
        // an empty list is not sent at all
        if (list != expected && (list.Length > 0 || input.Shape.Count > 0))
        {
            request.Note(path,
                $"{input.Name} is {input.DType.Datatype()}, whose elements belong in {expected}; got {(list.Length == 0 ? "none" : list)}");
        }
        else if (count != input.Shape.Count)
        {
            request.Note(path, $"{input.Name} has {count} elements, but the shape {input.Shape} has {input.Shape.Count}");
        }
        else
        {
            Take(input, contents, request);
        }
    }

    /// <summary>Writes a tensor into the list of its datatype.</summary>
    public static InferTensorContents Write(Tensor tensor)
    {
        var contents = new InferTensorContents();
        if (tensor.DType == DType.Float32) Fill(contents.Fp32Contents, tensor.AsSpan<float>());
        else if (tensor.DType == DType.Float64) Fill(contents.Fp64Contents, tensor.AsSpan<double>());
        else Fill(contents.Int64Contents, tensor.AsSpan<long>());
        return contents;
    }

    /// <summary>The name and length of the list that has elements; "several lists" where more than one has.</summary>
    private static (string Name, int Count) Posted(InferTensorContents contents)
    {
        (string, int)[] lists =
        [
            ("bool_contents", contents.BoolContents.Count), ("int_contents", contents.IntContents.Count),
            ("int64_contents", contents.Int64Contents.Count), ("uint_contents", contents.UintContents.Count),
            ("uint64_contents", contents.Uint64Contents.Count), ("fp32_contents", contents.Fp32Contents.Count),
            ("fp64_contents", contents.Fp64Contents.Count), ("bytes_contents", contents.BytesContents.Count),
        ];
        return lists.Where(list => list.Item2 > 0).ToArray() switch
        {
            [] => ("", 0),
            [var list] => list,
            _ => ("several lists", 0),
        };
    }

    private static string ListOf(DType dtype) => dtype switch
    {
        DType.Bool => "bool_contents",
        DType.Int8 or DType.Int16 or DType.Int32 => "int_contents",
        DType.Int64 => "int64_contents",
        DType.UInt8 or DType.UInt16 or DType.UInt32 => "uint_contents",
        DType.UInt64 => "uint64_contents",
        DType.Float32 => "fp32_contents",
        _ => "fp64_contents",
    };

    /// <summary>
    /// Copies the list. The small integers keep the 32 bits of the list, after each is found to be in its datatype's range.
    /// </summary>
    private static void Take(OipInput input, InferTensorContents contents, OipRequest request)
    {
        switch (input.DType)
        {
            case DType.Bool: Copy(contents.BoolContents, DType.Bool); break;
            case DType.Int8 or DType.Int16 or DType.Int32: Copy(contents.IntContents, DType.Int32); break;
            case DType.Int64: Copy(contents.Int64Contents, DType.Int64); break;
            case DType.UInt8 or DType.UInt16 or DType.UInt32: Copy(contents.UintContents, DType.UInt32); break;
            case DType.UInt64: Copy(contents.Uint64Contents, DType.UInt64); break;
            case DType.Float32: Copy(contents.Fp32Contents, DType.Float32); break;
            default: Copy(contents.Fp64Contents, DType.Float64); break;
        }

        void Copy<T>(RepeatedField<T> list, DType held) where T : unmanaged
        {
            var tensor = new Tensor(held, input.Shape, request.Batch.Allowance.Memory);
            request.Own(tensor);
            UnsafeCollectionOperations.AsSpan(list).CopyTo(tensor.AsSpan<T>());
            if (IsInRange(input, tensor, request)) Add(input, tensor, request);
        }
    }

    private static bool IsInRange(OipInput input, Tensor tensor, OipRequest request)
    {
        if (input.DType.Size() == tensor.DType.Size()) return true;
        var (min, max) = input.DType.Range();
        for (long i = 0; i < tensor.Count; i++)
        {
            if (tensor.Integer(i) is var value && value >= min && value <= max) continue;
            request.Errors.Add(new(input.Name, input.Shape.Position(i)),
                $"{value} is not {input.DType.Datatype()}: expected an integer from {min} to {max}");
            return false;
        }
        return true;
    }

    private static unsafe void Add(OipInput input, Tensor tensor, OipRequest request) =>
        request.View(input with { DType = tensor.DType }, tensor.Data);

    private static void Fill<T>(RepeatedField<T> list, ReadOnlySpan<T> elements)
    {
        UnsafeCollectionOperations.SetCount(list, elements.Length);
        elements.CopyTo(UnsafeCollectionOperations.AsSpan(list));
    }
}
