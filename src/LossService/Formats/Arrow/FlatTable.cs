using System.Buffers.Binary;

namespace LossService.Formats.Arrow;

/// <summary>
/// A table of a FlatBuffer, the encoding of Arrow's metadata. Every access stays inside the bytes, whatever they say.
/// </summary>
/// <remarks>
/// Each method throws <see cref="ArgumentOutOfRangeException"/> or <see cref="OverflowException"/> where an offset leads outside. A field
/// that is not there has its default, 0.
/// </remarks>
internal readonly ref struct FlatTable
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly int _at;

    private FlatTable(ReadOnlySpan<byte> bytes, int at)
    {
        _bytes = bytes;
        _at = at;
    }

    /// <summary>The table that a FlatBuffer is.</summary>
    public static FlatTable Root(ReadOnlySpan<byte> bytes) => new(bytes, new FlatTable(bytes, 0).Follow(0));

    /// <summary>A field of one byte.</summary>
    public byte GetByte(int field) => Find(field) is var at and > 0 ? _bytes.Slice(at, 1)[0] : (byte)0;

    /// <summary>A field of two bytes.</summary>
    public short GetInt16(int field) => Find(field) is var at and > 0 ? BinaryPrimitives.ReadInt16LittleEndian(_bytes[at..]) : (short)0;

    /// <summary>A field of eight bytes.</summary>
    public long GetInt64(int field) => Find(field) is var at and > 0 ? BinaryPrimitives.ReadInt64LittleEndian(_bytes[at..]) : 0;

    /// <summary>Whether there is a field.</summary>
    public bool Has(int field) => Find(field) > 0;

    /// <summary>A field that is a table; the field must be there.</summary>
    public FlatTable GetTable(int field) => new(_bytes, Follow(Find(field)));

    /// <summary>The number of elements of a field that is a vector.</summary>
    public int Count(int field) => Find(field) is var at and > 0 ? ReadLength(Follow(at)) : 0;

    /// <summary>An element of a field that is a vector of tables.</summary>
    public FlatTable GetTable(int field, int index) => new(_bytes, Follow(checked(Follow(Find(field)) + 4 + 4 * index)));

    /// <summary>The bytes of a field that is a vector of structures.</summary>
    /// <param name="field">The number of the field.</param>
    /// <param name="size">The size of a structure.</param>
    public ReadOnlySpan<byte> GetStructures(int field, int size)
    {
        if (Find(field) is not (> 0 and var at)) return [];
        var start = Follow(at);
        return _bytes.Slice(start + 4, checked(ReadLength(start) * size));
    }

    private int Find(int field)
    {
        // signed, as Arrow's library reads them, which would go back where one is below 0
        var layout = checked(_at - BinaryPrimitives.ReadInt32LittleEndian(_bytes[_at..]));
        var size = BinaryPrimitives.ReadInt16LittleEndian(_bytes[layout..]);
        var slot = 4 + 2 * field;
        if (slot >= size) return size >= 0 ? 0 : throw new ArgumentOutOfRangeException(nameof(field));
        var offset = BinaryPrimitives.ReadInt16LittleEndian(_bytes[(layout + slot)..]);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return offset == 0 ? 0 : _at + offset;
    }

    /// <summary>Where an offset leads, which is always forward, so that no path is without end.</summary>
    private int Follow(int at) => checked((int)(at + BinaryPrimitives.ReadUInt32LittleEndian(_bytes[at..])));

    private int ReadLength(int at) => checked((int)BinaryPrimitives.ReadUInt32LittleEndian(_bytes[at..]));
}
