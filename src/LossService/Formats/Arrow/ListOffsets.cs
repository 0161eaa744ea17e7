using System.Buffers.Binary;

namespace LossService.Formats.Arrow;

/// <summary>Where the lists of a level begin and end among the entries of the next one.</summary>
internal readonly ref struct ListOffsets
{
    private readonly ReadOnlySpan<byte> _offsets;
    private readonly bool _isLarge;

    /// <summary>Reads the offsets of some lists.</summary>
    /// <param name="buffer">The offsets of all lists.</param>
    /// <param name="isLarge">Whether an offset has 64 bits.</param>
    /// <param name="first">The first of the lists.</param>
    /// <param name="count">How many there are.</param>
    /// <exception cref="InvalidDataException">An offset is out of range.</exception>
    public ListOffsets(MessagePart buffer, bool isLarge, long first, long count)
    {
        _isLarge = isLarge;
        if (count == 0) return;
        var size = isLarge ? sizeof(long) : sizeof(int);
        _offsets = buffer.Bytes.Slice(checked((int)(first * size)), checked((int)((count + 1) * size)));
        Start = Get(0);
        Size = GetLength(0);
        if (Start < 0) throw new InvalidDataException("an offset below 0");
    }

    /// <summary>Where the first list begins.</summary>
    public long Start { get; }

    /// <summary>The length of the first list; 0 where there is none.</summary>
    public int Size { get; }

    /// <summary>The length of a list.</summary>
    public int GetLength(long list)
    {
        var length = checked(Get(list + 1) - Get(list));
        return length is >= 0 and <= int.MaxValue ? (int)length : throw new InvalidDataException("a list of a length below 0");
    }

    private long Get(long list) => _isLarge
        ? BinaryPrimitives.ReadInt64LittleEndian(_offsets[(int)(list * sizeof(long))..])
        : BinaryPrimitives.ReadInt32LittleEndian(_offsets[(int)(list * sizeof(int))..]);
}
