using LossService.Core.Tensors;

namespace LossService.Core.Kernels;

/// <summary>
/// A few rows of a tensor whose classes lie apart, as rows of adjacent classes, in memory that the caches hold. The tensor itself is
/// never copied as a whole.
/// </summary>
internal sealed unsafe class RowWindow : IDisposable
{
    private const int Elements = 1 << 15, MinRows = 16;

    private readonly Tensor _tensor;
    private readonly ClassLayout _layout;
    private readonly NativeBuffer _memory;
    private long _first;
    private int _count;

    /// <summary>A window on a tensor.</summary>
    /// <exception cref="MemoryBudgetException">The budget has not enough left.</exception>
    public RowWindow(Tensor tensor, in ClassLayout layout, MemoryBudget? budget)
    {
        (_tensor, _layout) = (tensor, layout);
        _memory = new((nuint)CountBytes(tensor.DType, layout), budget);
    }

    /// <summary>
    /// The tensor with its classes on the last axis. Only the rows that the window is over are in memory: no other may be read or written.
    /// </summary>
    public Tensor Rows { get; private set; } = null!;

    /// <summary>How many rows a window is over.</summary>
    public static int CountRows(in ClassLayout layout) => (int)long.Min(
        layout.Rows, Math.Max(Elements / Math.Max(layout.Classes, 1) & -SoftmaxScratch.Rows, MinRows));

    /// <summary>The bytes of a window.</summary>
    public static long CountBytes(DType dtype, in ClassLayout layout) => (long)CountRows(layout) * layout.Classes * dtype.Size();

    /// <summary>Moves the window, without what it is over.</summary>
    /// <param name="first">The first row that it is over.</param>
    /// <param name="count">How many rows it is over.</param>
    public void MoveTo(long first, int count)
    {
        (_first, _count) = (first, count);
        Rows = new(_tensor.DType, _layout.ClassesLast, _memory.Address - first * _layout.Classes * _tensor.DType.Size());
    }

    /// <summary>Copies the rows that it is over from the tensor.</summary>
    public void Read() => RowTranspose.Read(_tensor, _layout, _first, _count, _memory.Address);

    /// <summary>Copies the rows that it is over to the tensor.</summary>
    public void Write() => RowTranspose.Write(_tensor, _layout, _first, _count, _memory.Address);

    /// <summary>Reads a row and those after it, unless the window is over it.</summary>
    /// <returns><see cref="Rows"/>: another object if the window has moved.</returns>
    public Tensor Find(long row)
    {
        if (row >= _first && row < _first + _count) return Rows;
        MoveTo(row, (int)long.Min(CountRows(_layout), _layout.Rows - row));
        Read();
        return Rows;
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();
}
