using LossService.Formats.Numbers;

namespace LossService.Formats.Arrow;

/// <summary>
/// Looks over the metadata of a schema before Arrow's library reads it: by recursion into nested fields, and with a copy of each text, of
/// which many may be the same bytes.
/// </summary>
internal ref struct SchemaGuard
{
    private const int MaxFields = 1000;

    // numbers of the fields of Schema, Field, KeyValue, Timestamp and Union in Arrow's metadata
    private const int Header = 2, Endianness = 0, Columns = 1, SchemaPairs = 2;
    private const int Name = 0, TypeKind = 2, Type = 3, Children = 5, FieldPairs = 6;
    private const int Key = 0, Value = 1, Timezone = 1, TypeIds = 1;
    private const byte Timestamp = 10, Union = 14;

    private int _fields;
    private long _bytes;

    /// <summary>Checks a schema.</summary>
    /// <param name="metadata">The metadata of its message.</param>
    /// <exception cref="InvalidDataException">It is big-endian, too deep or too long to be read.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An offset leads outside.</exception>
    /// <exception cref="OverflowException">An offset leads outside.</exception>
    public static void Check(ReadOnlySpan<byte> metadata)
    {
        var guard = new SchemaGuard { _fields = MaxFields, _bytes = metadata.Length };
        var schema = FlatTable.Root(metadata).GetTable(Header);
        if (schema.GetInt16(Endianness) != 0) throw new InvalidDataException("big-endian");
        guard.TakePairs(schema, SchemaPairs);
        for (var i = 0; i < schema.Count(Columns); i++) guard.TakeField(schema.GetTable(Columns, i), NumberArrayReader.MaxRank + 2);
    }

    private void TakeField(FlatTable field, int depth)
    {
        if (depth == 0 || _fields-- == 0) throw new InvalidDataException("too many fields");
        Take(field.Count(Name));
        TakePairs(field, FieldPairs);
        if (field.GetByte(TypeKind) == Timestamp) Take(field.GetTable(Type).Count(Timezone));
        if (field.GetByte(TypeKind) == Union) Take(sizeof(int) * (long)field.GetTable(Type).Count(TypeIds));
        for (var i = 0; i < field.Count(Children); i++) TakeField(field.GetTable(Children, i), depth - 1);
    }

    private void TakePairs(FlatTable table, int field)
    {
        for (var i = 0; i < table.Count(field); i++)
        {
            var pair = table.GetTable(field, i);
            // an entry has bytes of its own, too
            Take(1L + pair.Count(Key) + pair.Count(Value));
        }
    }

    /// <summary>Counts bytes: those of all texts are not more than those of the metadata.</summary>
    private void Take(long bytes)
    {
        if ((_bytes -= bytes) < 0) throw new InvalidDataException("too many texts");
    }
}
