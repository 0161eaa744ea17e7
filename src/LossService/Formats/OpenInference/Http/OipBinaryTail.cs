namespace LossService.Formats.OpenInference.Http;

/// <summary>The bytes behind the JSON: one tensor after the other, in the order of the inputs that announce them.</summary>
internal sealed class OipBinaryTail(OipRequest request)
{
    private readonly List<(int Index, string Name, OipInput? Input, long Size)> _announced = [];

    /// <summary>Notes that the next <paramref name="size"/> bytes belong to an input; null where the input makes no sense.</summary>
    public void Announce(int index, string name, OipInput? input, long size) => _announced.Add((index, name, input, size));

    /// <summary>Has every input look at its bytes, which must stay where they are until the request is disposed of.</summary>
    /// <param name="next">The first byte behind the JSON.</param>
    /// <param name="left">How many there are.</param>
    /// <param name="isSplit">Whether the client said where the JSON ends.</param>
    public unsafe void Read(byte* next, long left, bool isSplit)
    {
        foreach (var (index, name, input, size) in _announced)
        {
            var path = $"inputs/{index}/parameters/binary_data_size";
            if (!isSplit)
            {
                request.Note(path, $"{name} announces binary data, but no {OipHttp.HeaderLength} says where the JSON ends");
            }
            else if (size > left)
            {
                request.Note(path, $"{name} announces {size} bytes, but {left} are left in the body");
                return;
            }
            else if (input is not null && size != input.Bytes)
            {
                request.Note(path, $"{name} announces {size} bytes, but {input.Shape} of {OipDatatype.Datatype(input.DType)} are {input.Bytes}");
            }
            else if (input is not null)
            {
                request.View(input, next);
            }
            if (!isSplit) continue;
            next += size;
            left -= size;
        }
        if (left > 0) request.Note("", $"{left} bytes are left over behind the last tensor");
    }
}
