using System.Buffers.Binary;
using LossService.Core.Tensors;
using LossService.Http;
using LossService.Requests;

namespace LossService.Formats.Arrow;

/// <summary>
/// Reads a record batch: its columns become tensors that look into the message. Its metadata has a node for each level of each column,
/// with a length and a number of nulls, and the place of each buffer.
/// </summary>
internal ref struct BatchReader
{
    // RecordBatch: length, nodes, buffers, compression; a node is (length, nulls), a buffer (offset, length)
    private const int Pair = 16;

    /// <summary>The most rows, so that a column of numbers for each fits a buffer.</summary>
    private const int MaxRows = 1 << 27;

    private readonly ScoreRequest _request;
    private readonly RequestBody _message;
    private readonly int _bodyStart;
    private readonly ReadOnlySpan<byte> _nodes;
    private readonly ReadOnlySpan<byte> _buffers;
    private readonly List<NullRun> _nulls;
    private int _node;
    private int _buffer;

    private BatchReader(ArrowMessages messages, FlatTable batch, ScoreRequest request)
    {
        (_request, _message, _bodyStart, _nulls) = (request, messages.Message, messages.BodyStart, []);
        _nodes = batch.GetStructures(1, Pair);
        _buffers = batch.GetStructures(2, Pair);
    }

    /// <summary>Reads the batch of the current message; what is wrong with its values is added to the request's errors.</summary>
    /// <returns>Why its metadata does not fit the schema or the body; null where it does.</returns>
    /// <exception cref="MemoryBudgetException">Booleans or a mask of nulls do not fit into the request's memory.</exception>
    public static string? Read(ArrowMessages messages, IReadOnlyList<ArrowColumn> columns, ArrowRequest request)
    {
        try
        {
            var batch = FlatTable.Root(messages.Metadata).GetTable(2);
            if (batch.Has(3)) return "compressed buffers are not supported; write it without compression";
            var rows = batch.GetInt64(0);
            if (rows is < 0 or > MaxRows) return $"expected at most {MaxRows} rows, got {rows}";
            request.Rows = (int)rows;
            var reader = new BatchReader(messages, batch, request.Batch);
            foreach (var column in columns) reader.Read(column, request.Rows);
            NullMask.Apply(reader._nulls, messages.Message, request.Batch);
            return null;
        }
        catch (Exception broken) when (broken is ArgumentOutOfRangeException or OverflowException or InvalidDataException)
        {
            return "a record batch does not fit its schema";
        }
    }

    private void Read(ArrowColumn column, int rows)
    {
        List<int> axes = [rows];
        var (first, count, isUneven) = (0L, (long)rows, false);
        foreach (var level in column.Levels)
        {
            ReadNode(column, axes, first, count);
            if (level.Size is not { } size)
            {
                var offsets = new ListOffsets(TakeBuffer(), level.IsLarge, first, count);
                isUneven |= !CheckLengths(column, axes, offsets, count);
                (first, size) = (offsets.Start, offsets.Size);
            }
            else
            {
                first = checked(first * size);
            }
            axes.Add(size);
            // where lists have lengths of their own, what is below them is not read
            count = isUneven ? 0 : checked(count * size);
        }
        ReadNode(column, axes, first, count);
        var elements = TakeBuffer();
        if (isUneven) return;
        var shape = GetShape(column, axes);
        _request.MarkEncoded(column.Field);
        _request[column.Field] = column.DType == DType.Bool
            ? ReadBits(shape, elements, first, count) : View(column.DType, shape, elements, first, count);
    }

    /// <summary>Reads how many entries a level has, and notes where nulls are.</summary>
    private void ReadNode(ArrowColumn column, List<int> axes, long first, long count)
    {
        var (length, nulls) = (ReadInt64(_nodes, _node), ReadInt64(_nodes, _node + 8));
        _node += Pair;
        if (length < checked(first + count)) throw new InvalidDataException("too few entries");
        var bits = TakeBuffer();
        if (nulls == 0 || count == 0) return;
        if (8L * bits.Length < first + count) throw new InvalidDataException("too few bits");
        _nulls.Add(new(column.Field, new([.. axes]), bits.Start, first));
    }

    private readonly bool CheckLengths(ArrowColumn column, List<int> axes, ListOffsets offsets, long count)
    {
        var before = _request.Errors.Total;
        for (long i = 1; i < count; i++)
        {
            if (offsets.GetLength(i) == offsets.Size || !_request.Errors.Count()) continue;
            _request.Errors.Keep(new(column.Name, new Shape([.. axes]).Position(i)),
                $"expected {offsets.Size} elements, as in the rows before, got {offsets.GetLength(i)}"
                + "; a row that is null has as many in a list of a fixed size");
        }
        return _request.Errors.Total == before;
    }

    /// <summary>The next buffer: where it begins in the message, and its bytes.</summary>
    private MessagePart TakeBuffer()
    {
        var (start, length) = (ReadInt64(_buffers, _buffer), ReadInt64(_buffers, _buffer + 8));
        _buffer += Pair;
        var body = _message.Span.Length - _bodyStart;
        if (start < 0 || length < 0 || start > body || length > body - start) throw new InvalidDataException("a buffer outside");
        return new(_bodyStart + (int)start, _message.Span.Slice(_bodyStart + (int)start, (int)length));
    }

    /// <summary>Elements as they are in the message.</summary>
    private readonly unsafe Tensor View(DType dtype, Shape shape, MessagePart elements, long first, long count)
    {
        var size = dtype.Size();
        // a buffer of no elements need not be there
        var bytes = count == 0 ? [] : elements.Bytes.Slice(checked((int)(first * size)), checked((int)(count * size)));
        var start = count == 0 ? 0 : elements.Start + (int)(first * size);
        return new(dtype, shape, _message.Start + start) { IsFinite = FiniteScan.IsFinite(dtype, bytes) };
    }

    /// <summary>Booleans, of which a message has eight in a byte.</summary>
    private readonly unsafe Tensor ReadBits(Shape shape, MessagePart bits, long first, long count)
    {
        if (8L * bits.Length < checked(first + count)) throw new InvalidDataException("too few bits");
        var tensor = new Tensor(DType.Bool, shape, _request.Allowance.Memory);
        for (long i = 0; i < count; i++) tensor.Data[i] = (byte)(bits.Bytes[(int)((first + i) >> 3)] >> (int)((first + i) & 7) & 1);
        return tensor;
    }

    /// <summary>The shape: lists of no rows are of any length.</summary>
    private static Shape GetShape(ArrowColumn column, List<int> axes) =>
        column.Axes is { } inner ? new([axes[0], .. inner])
        : axes[0] == 0 && column.Levels.Any(level => level.Size is null) ? new(0) : new([.. axes]);

    private static long ReadInt64(ReadOnlySpan<byte> pairs, int at) => BinaryPrimitives.ReadInt64LittleEndian(pairs[at..]);
}
