using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Kernels;

/// <summary>Copies rows whose classes lie apart to rows of adjacent classes, and back, for elements of any size.</summary>
internal static unsafe class RowTranspose
{
    /// <summary>The most rows that are copied class by class, so that they stay in the first-level cache.</summary>
    private const int MaxTile = 256;

    private const int Four = Lanes.Width;

    /// <summary>Copies rows from a tensor.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="layout">Where its classes are.</param>
    /// <param name="first">The first row.</param>
    /// <param name="count">The number of rows.</param>
    /// <param name="rows">Where to.</param>
    public static void Read(Tensor tensor, in ClassLayout layout, long first, int count, byte* rows) =>
        Copy(tensor, layout, first, count, rows, isWritten: false);

    /// <summary>Copies rows to a tensor.</summary>
    /// <inheritdoc cref="Read"/>
    public static void Write(Tensor tensor, in ClassLayout layout, long first, int count, byte* rows) =>
        Copy(tensor, layout, first, count, rows, isWritten: true);

    private static void Copy(Tensor tensor, in ClassLayout layout, long first, int count, byte* rows, bool isWritten)
    {
        var bytes = tensor.DType.Size();
        for (int done = 0, tile; done < count; done += tile)
        {
            var row = first + done;
            // rows on both sides of the end of the axes below the classes are far apart
            tile = (int)long.Min(Math.Min(count - done, MaxTile), layout.Stride - row % layout.Stride);
            var columns = tensor.At(layout.GetElement(row, 0));
            var at = rows + (long)done * layout.Classes * bytes;
            switch (bytes)
            {
                case 1: CopyTile(columns, layout.Stride, at, layout.Classes, tile, isWritten); break;
                case 2: CopyTile((ushort*)columns, layout.Stride, (ushort*)at, layout.Classes, tile, isWritten); break;
                case 4: CopyTile((float*)columns, layout.Stride, (float*)at, layout.Classes, tile, isWritten); break;
                default: CopyTile((double*)columns, layout.Stride, (double*)at, layout.Classes, tile, isWritten); break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void CopyTile<T>(T* columns, long stride, T* rows, int classes, int count, bool isWritten) where T : unmanaged
    {
        if (classes < Four || count < Four || sizeof(T) < sizeof(float))
        {
            for (var c = 0; c < classes; c++)
                for (var i = 0; i < count; i++)
                    if (isWritten) columns[c * stride + i] = rows[(long)i * classes + c];
                    else rows[(long)i * classes + c] = columns[c * stride + i];
            return;
        }
        // the last squares may overlap those before
        for (var c = 0; c < classes; c += Four)
        {
            var start = Math.Min(c, classes - Four);
            for (var i = 0; i < count; i += Four)
            {
                var at = Math.Min(i, count - Four);
                var column = columns + start * stride + at;
                var row = rows + (long)at * classes + start;
                if (isWritten) CopySquare(row, classes, column, stride);
                else CopySquare(column, stride, row, classes);
            }
        }
    }

    /// <summary>Transposes four elements of four rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopySquare<T>(T* from, long fromStride, T* to, long toStride) where T : unmanaged
    {
        if (sizeof(T) == sizeof(float))
        {
            var (a, b) = (Vector128.Load((float*)from), Vector128.Load((float*)(from + fromStride)));
            var (c, d) = (Vector128.Load((float*)(from + 2 * fromStride)), Vector128.Load((float*)(from + 3 * fromStride)));
            Transpose.Squares(ref a, ref b, ref c, ref d);
            a.Store((float*)to);
            b.Store((float*)(to + toStride));
            c.Store((float*)(to + 2 * toStride));
            d.Store((float*)(to + 3 * toStride));
        }
        else
        {
            var (a, b) = (Vector256.Load((double*)from), Vector256.Load((double*)(from + fromStride)));
            var (c, d) = (Vector256.Load((double*)(from + 2 * fromStride)), Vector256.Load((double*)(from + 3 * fromStride)));
            Lanes.Transpose(ref a, ref b, ref c, ref d);
            a.Store((double*)to);
            b.Store((double*)(to + toStride));
            c.Store((double*)(to + 2 * toStride));
            d.Store((double*)(to + 3 * toStride));
        }
    }
}
