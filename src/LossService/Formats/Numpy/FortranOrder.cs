using LossService.Core.Tensors;
using LossService.Formats.Numbers;

namespace LossService.Formats.Numpy;

/// <summary>Puts the elements of an array whose first axis varies fastest into row-major order.</summary>
internal static unsafe class FortranOrder
{
    /// <summary>How many elements are copied between two looks at the token.</summary>
    private const int ElementsBetweenLooks = 65536;

    /// <summary>Copies elements.</summary>
    /// <param name="source">The elements, the first axis varying fastest.</param>
    /// <param name="target">Memory for as many elements in row-major order.</param>
    /// <param name="shape">The lengths of the axes.</param>
    /// <param name="size">The bytes of an element.</param>
    /// <param name="cancellation">Ends the copying.</param>
    public static void Undo(byte* source, byte* target, Shape shape, int size, CancellationToken cancellation)
    {
        if (shape.Count == 0) return;
        switch (size)
        {
            case 1: Undo(source, target, shape, cancellation); break;
            case 2: Undo((ushort*)source, (ushort*)target, shape, cancellation); break;
            case 4: Undo((uint*)source, (uint*)target, shape, cancellation); break;
            default: Undo((ulong*)source, (ulong*)target, shape, cancellation); break;
        }
    }

    private static void Undo<T>(T* source, T* target, Shape shape, CancellationToken cancellation) where T : unmanaged
    {
        var outer = shape.Axes[..^1];
        Span<int> index = stackalloc int[NumberArrayReader.MaxRank];
        Span<long> step = stackalloc long[NumberArrayReader.MaxRank];
        index.Clear();
        var rows = 1L;
        for (var axis = 0; axis < outer.Length; axis++)
        {
            step[axis] = rows;
            rows *= outer[axis];
        }
        var unseen = 0L;
        for (long row = 0; row < rows; row++)
        {
            if ((unseen += shape.Last) > ElementsBetweenLooks)
            {
                cancellation.ThrowIfCancellationRequested();
                unseen = 0;
            }
            for (long i = 0, from = 0; i < shape.Last; i++, from += rows) *target++ = source[from];
            for (var axis = outer.Length - 1; axis >= 0; axis--)
            {
                source += step[axis];
                if (++index[axis] < outer[axis]) break;
                source -= step[axis] * outer[axis];
                index[axis] = 0;
            }
        }
    }
}
