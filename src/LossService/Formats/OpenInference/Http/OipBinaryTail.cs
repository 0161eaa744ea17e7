using LossService.Problems;

namespace LossService.Formats.OpenInference.Http;

/// <summary>The bytes after the JSON: one tensor after the other, in the order of the inputs that have a <c>binary_data_size</c>.</summary>
internal sealed class OipBinaryTail(OipRequest request)
{
    private readonly List<(int Index, string Name, OipInput? Input, long Size)> _announced = [];

    /// <summary>Says that the next <paramref name="size"/> bytes belong to an input, which is null where it is invalid.</summary>
    public void Announce(int index, string name, OipInput? input, long size) => _announced.Add((index, name, input, size));

    /// <summary>Gives every input its bytes, which must not move until the request is disposed.</summary>
    /// <param name="next">The first byte after the JSON.</param>
    /// <param name="left">How many bytes there are.</param>
    /// <param name="isSplit">Whether a header says where the JSON ends.</param>
    public unsafe void Read(byte* next, long left, bool isSplit)
    {
        foreach (var (index, posted, input, size) in _announced)
        {
            var name = ClientText.Shorten(posted);
            var path = $"inputs/{index}/parameters/binary_data_size";
            if (!isSplit)
            {
                request.Note(path, $"{name} has a binary_data_size, but the request has no {OipHttp.HeaderLength}, the length of the JSON");
            }
            else if (size > left)
            {
                request.Note(path, $"{name} has a binary_data_size of {size}, but the body has {left} bytes left");
                return;
            }
            else if (input is not null && size != input.Bytes)
            {
                request.Note(path,
                    $"{name} has a binary_data_size of {size}, but {input.Shape} of {input.DType.Datatype()} takes {input.Bytes} bytes");
            }
            else if (input is not null)
            {
                request.View(input, next);
            }
            if (!isSplit) continue;
            next += size;
            left -= size;
        }
        if (left > 0) request.Note("", $"the body has {left} bytes after the last tensor");
    }
}
