using System.Buffers;
using System.Runtime.InteropServices;

namespace LossService.Formats.Numbers;

/// <summary>
/// Writes a row-major tensor as nested JSON arrays, block by block, so that whoever owns the output can flush in between:
/// <code>
/// var writer = new NumberArrayWriter(shape);
/// while (writer.WriteBlock(values, pipe)) await pipe.FlushAsync(cancellation);
/// </code>
/// </summary>
/// <remarks>It holds only how far it got; the values are handed over with each block, since no span may wait for a flush.</remarks>
internal sealed unsafe class NumberArrayWriter
{
    /// <summary>The bytes that a block asks the output for; it fills whatever it gets, if that is more.</summary>
    public const int BlockSize = 64 * 1024;

    // behind a row
    private const int Brackets = (2 * NumberArrayReader.GreatestRank) + 1;

    // so that a block does not end in many short runs
    private const int LeastSpace = 1024;

    private readonly int[] shape;
    private readonly long count;
    private long written;

    /// <param name="shape">The extent of each axis, the outermost first; none may be 0. No axis: a single number.</param>
    public NumberArrayWriter(ReadOnlySpan<int> shape)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shape.Length, NumberArrayReader.GreatestRank);
        count = 1;
        foreach (int extent in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(extent);
            count = checked(count * extent);
        }

        this.shape = shape.ToArray();
    }

    /// <inheritdoc cref="WriteBlock{TElement}"/>
    public bool WriteBlock(ReadOnlySpan<float> values, IBufferWriter<byte> output) =>
        WriteBlock(MemoryMarshal.Cast<float, Float32Element>(values), output);

    /// <inheritdoc cref="WriteBlock{TElement}"/>
    public bool WriteBlock(ReadOnlySpan<double> values, IBufferWriter<byte> output) =>
        WriteBlock(MemoryMarshal.Cast<double, Float64Element>(values), output);

    /// <inheritdoc cref="WriteBlock{TElement}"/>
    public bool WriteBlock(ReadOnlySpan<long> values, IBufferWriter<byte> output) =>
        WriteBlock(MemoryMarshal.Cast<long, Int64Element>(values), output);

    /// <summary>Writes on from where the last block ended, and advances the output by what it wrote.</summary>
    /// <param name="values">All values of the tensor, the same for every block.</param>
    /// <param name="output">Where the text goes.</param>
    /// <returns>Whether there is more to write.</returns>
    private bool WriteBlock<TElement>(ReadOnlySpan<TElement> values, IBufferWriter<byte> output)
        where TElement : unmanaged, IElement<TElement>
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, count);
        if (written == count) return false;

        var block = output.GetSpan(BlockSize);
        fixed (TElement* elements = values)
        fixed (byte* start = block)
        {
            byte* text = start;
            if (written == 0) text = Repeat(text, '[', shape.Length);

            byte* end = start + block.Length;
            long rowLength = shape.Length == 0 ? 1 : shape[^1];
            while (written < count && end - text >= LeastSpace)
            {
                long left = rowLength - (written % rowLength);
                int run = (int)Math.Min(left, (end - text - NumberWriter.Room - Brackets) / NumberWriter.GreatestLength);
                text = TElement.WriteList(elements + written, run, text);
                written += run;
                if (run == left) text = CloseRow(text);
            }

            output.Advance((int)(text - start));
        }

        return written < count;
    }

    // in place of the last comma: closes the row and the arrays that end with it, and opens as many again
    private byte* CloseRow(byte* text)
    {
        text--;
        if (written == count) return Repeat(text, ']', shape.Length);

        int closed = 1;
        long arrays = written / shape[^1];
        for (int axis = shape.Length - 2; arrays % shape[axis] == 0; axis--)
        {
            arrays /= shape[axis];
            closed++;
        }

        text = Repeat(text, ']', closed);
        *text++ = (byte)',';
        return Repeat(text, '[', closed);
    }

    private static byte* Repeat(byte* text, char character, int times)
    {
        new Span<byte>(text, times).Fill((byte)character);
        return text + times;
    }
}
