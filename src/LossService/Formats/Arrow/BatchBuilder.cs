using System.Text;
using Apache.Arrow;
using Apache.Arrow.Types;
using LossService.Core.Tensors;

namespace LossService.Formats.Arrow;

/// <summary>
/// Builds the columns of one record batch. What is not a tensor's own memory is taken from the budget until this is disposed of.
/// </summary>
/// <param name="rows">How many rows each column has.</param>
/// <param name="memory">What memory is taken from; null = not counted.</param>
internal sealed unsafe class BatchBuilder(int rows, MemoryBudget? memory) : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    /// <summary>Keeps a tensor until this is disposed, and disposes of it then.</summary>
    public Tensor Own(Tensor tensor)
    {
        _owned.Add(tensor);
        return tensor;
    }

    /// <summary>A column with a value in each row, which stays in the tensor's memory.</summary>
    public ArrayData AddRows(IArrowType type, Tensor tensor)
    {
        var types = Unwrap(type);
        var axes = tensor.Shape.Axes;
        var elements = new NativeMemory(tensor.Data, checked((int)tensor.Bytes)).Memory;
        var column = new ArrayData(types[^1], checked((int)tensor.Count), 0, 0, [ArrowBuffer.Empty, new ArrowBuffer(elements)], []);
        for (var level = types.Count - 2; level >= 0; level--)
        {
            // an array of no rows may have no more axes
            var lists = axes.Length > level ? (int)new Shape([.. axes[..(level + 1)]]).Count : 0;
            var size = axes.Length > level + 1 ? axes[level + 1] : 0;
            column = types[level] is FixedSizeListType
                ? new ArrayData(types[level], lists, 0, 0, [ArrowBuffer.Empty], [column])
                : new ArrayData(types[level], lists, 0, 0, [ArrowBuffer.Empty, Offsets(lists, size)], [column]);
        }
        return column;
    }

    /// <summary>A column with a number in the first row.</summary>
    public ArrayData AddFirst(IArrowType type, Tensor number)
    {
        var size = number.DType.Size();
        var values = Zeros((long)rows * size, out var start);
        if (rows > 0) System.Buffer.MemoryCopy(number.Data, start, size, size);
        return new(type, rows, rows - 1, 0, [FirstBit(), values], []);
    }

    /// <summary>A column with a list, of numbers or of lists of them, in the first row.</summary>
    public ArrayData AddFirstList(ListType type, Tensor list)
    {
        var inner = AddRows(type.ValueDataType, list);
        return new(type, rows, rows - 1, 0, [FirstBit(), OffsetsOfFirst(list.Shape.Axes[0])], [inner]);
    }

    /// <summary>A column with a text in the first row; null = none in any.</summary>
    public ArrayData AddFirst(string? text)
    {
        if (text is null)
            return new(StringType.Default, rows, rows, 0, [Zeros((rows + 7L) / 8, out _), OffsetsOfFirst(0), ArrowBuffer.Empty], []);
        var bytes = Encoding.UTF8.GetBytes(text);
        return new(StringType.Default, rows, rows - 1, 0, [FirstBit(), OffsetsOfFirst(bytes.Length), new ArrowBuffer(bytes)], []);
    }

    /// <summary>A column of nulls.</summary>
    public ArrayData AddNulls(IArrowType type)
    {
        var bits = Zeros((rows + 7L) / 8, out _);
        if (type is ListType list) return new(type, rows, rows, 0, [bits, OffsetsOfFirst(0)], [Empty(list.ValueDataType, 0)]);
        if (type is FixedSizeListType lists)
            return new(type, rows, rows, 0, [bits], [Empty(lists.ValueDataType, checked(rows * lists.ListSize))]);
        return new(type, rows, rows, 0, [bits, Zeros(8L * rows, out _)], []);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var owned in _owned) owned.Dispose();
    }

    /// <summary>The type of each level of lists, and of the elements.</summary>
    private static List<IArrowType> Unwrap(IArrowType type)
    {
        List<IArrowType> types = [type];
        while (types[^1] is NestedType nested) types.Add(nested.Fields[0].DataType);
        return types;
    }

    /// <summary>Entries below a null, whose values do not matter.</summary>
    private ArrayData Empty(IArrowType type, int count) => type switch
    {
        ListType list => new(type, count, 0, 0, [ArrowBuffer.Empty, Offsets(count, 0)], [Empty(list.ValueDataType, 0)]),
        FixedSizeListType list =>
            new(type, count, 0, 0, [ArrowBuffer.Empty], [Empty(list.ValueDataType, checked(count * list.ListSize))]),
        _ => new(type, count, 0, 0, [ArrowBuffer.Empty, Zeros(8L * count, out _)], []),
    };

    private ArrowBuffer FirstBit()
    {
        var bits = Zeros((rows + 7L) / 8, out var start);
        if (rows > 0) *start = 1;
        return bits;
    }

    /// <summary>The offsets of lists of one length.</summary>
    private ArrowBuffer Offsets(int lists, int size)
    {
        var offsets = Zeros((lists + 1L) * sizeof(int), out var start);
        for (var i = 0; i <= lists; i++) ((int*)start)[i] = checked(i * size);
        return offsets;
    }

    /// <summary>The offsets of rows of which the first has all entries.</summary>
    private ArrowBuffer OffsetsOfFirst(int size)
    {
        var offsets = Zeros((rows + 1L) * sizeof(int), out var start);
        for (var i = 1; i <= rows; i++) ((int*)start)[i] = size;
        return offsets;
    }

    private ArrowBuffer Zeros(long bytes, out byte* start)
    {
        var buffer = new NativeBuffer((nuint)bytes, memory);
        _owned.Add(buffer);
        start = buffer.Address;
        new Span<byte>(start, checked((int)bytes)).Clear();
        return new(new NativeMemory(start, (int)bytes).Memory);
    }
}
