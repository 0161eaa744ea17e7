using System.Buffers;
using System.Runtime.InteropServices;
using LossService.Core.Engine;

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
    private const int Brackets = (2 * NumberArrayReader.MaxRank) + 1;

    // so that a block does not end in many short runs
    private const int MinSpace = 1024;

    /// <summary>As many write faster than a connection takes it.</summary>
    private const int MaxCores = 4;

    /// <summary>The numbers that a core writes at once, where several write one tensor.</summary>
    private const int PartLength = 16 * 1024;

    private readonly int[] shape;
    private readonly long count;
    private readonly int partRoom; // where each number is as long as can be
    private long written;

    /// <param name="shape">The extent of each axis, the outermost first; none may be 0. No axis: a single number.</param>
    public NumberArrayWriter(ReadOnlySpan<int> shape)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shape.Length, NumberArrayReader.MaxRank);
        count = 1;
        foreach (int extent in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(extent);
            count = checked(count * extent);
        }

        this.shape = shape.ToArray();
        int brackets = shape.Length == 0 ? 0 : ((2 * shape.Length) + shape[^1]) / shape[^1];
        partRoom = (PartLength * (NumberWriter.MaxLength + brackets)) + (2 * MinSpace);
    }

    /// <inheritdoc cref="WriteBlock{TElement}"/>
    public bool WriteBlock(ReadOnlySpan<float> values, IBufferWriter<byte> output) =>
        WriteOnIdleCores(MemoryMarshal.Cast<float, Float32Element>(values), output);

    /// <inheritdoc cref="WriteBlock{TElement}"/>
    public bool WriteBlock(ReadOnlySpan<double> values, IBufferWriter<byte> output) =>
        WriteOnIdleCores(MemoryMarshal.Cast<double, Float64Element>(values), output);

    /// <inheritdoc cref="WriteBlock{TElement}"/>
    public bool WriteBlock(ReadOnlySpan<long> values, IBufferWriter<byte> output) =>
        WriteOnIdleCores(MemoryMarshal.Cast<long, Int64Element>(values), output);

    /// <summary>Writes on from where the last block ended, and advances the output by what it wrote.</summary>
    /// <param name="values">All values of the tensor, the same for every block.</param>
    /// <param name="output">Where the text goes.</param>
    /// <param name="cores">What it may use; the text is the same whatever they are.</param>
    /// <returns>Whether there is more to write.</returns>
    public bool WriteBlock<TElement>(ReadOnlySpan<TElement> values, IBufferWriter<byte> output, IdleCores.Lease cores)
        where TElement : unmanaged, IElement<TElement>
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, count);
        if (written == count) return false;

        fixed (TElement* elements = values)
        {
            if (cores.Count > 1 && (count - written) / PartLength >= cores.Count) WriteParts(elements, cores, output);
            else WriteAlone(elements, output);
        }

        return written < count;
    }

    private bool WriteOnIdleCores<TElement>(ReadOnlySpan<TElement> values, IBufferWriter<byte> output)
        where TElement : unmanaged, IElement<TElement>
    {
        // taken for a block at a time: whoever reads the answer slowly holds no core
        using var cores = IdleCores.Take(long.Min(MaxCores, (count - written) / PartLength));
        return WriteBlock(values, output, cores);
    }

    private void WriteAlone<TElement>(TElement* elements, IBufferWriter<byte> output)
        where TElement : unmanaged, IElement<TElement>
    {
        var block = output.GetSpan(BlockSize);
        fixed (byte* text = block)
        {
            byte* end = Write(elements, ref written, count, text, text + block.Length);
            output.Advance((int)(end - text));
        }
    }

    // a part on each core, side by side in the output with room for the longest numbers, then moved together
    private void WriteParts<TElement>(TElement* elements, IdleCores.Lease cores, IBufferWriter<byte> output)
        where TElement : unmanaged, IElement<TElement>
    {
        var block = output.GetSpan(partRoom * cores.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(block.Length, partRoom * cores.Count, nameof(output));
        var ends = new nint[cores.Count];
        long first = written;
        fixed (byte* start = block)
        {
            byte* text = start; // a lambda takes no fixed one
            cores.Run(i =>
            {
                long number = first + (i * PartLength);
                byte* part = text + ((long)i * partRoom);
                ends[i] = (nint)Write(elements, ref number, number + PartLength, part, part + partRoom);
            });

            byte* end = (byte*)ends[0];
            for (int i = 1; i < ends.Length; i++)
            {
                byte* part = start + ((long)i * partRoom);
                long length = (byte*)ends[i] - part;
                Buffer.MemoryCopy(part, end, length, length);
                end += length;
            }

            written += cores.Count * PartLength;
            output.Advance((int)(end - start));
        }
    }

    // numbers up to a last one, or as many as there is room for, with all brackets that belong to them
    private byte* Write<TElement>(TElement* elements, ref long number, long last, byte* text, byte* end)
        where TElement : unmanaged, IElement<TElement>
    {
        if (number == 0) text = Repeat(text, '[', shape.Length);
        long rowLength = shape.Length == 0 ? 1 : shape[^1];
        while (number < last && end - text >= MinSpace)
        {
            long left = rowLength - (number % rowLength);
            long fitting = (end - text - NumberWriter.Room - Brackets) / NumberWriter.MaxLength;
            int run = (int)Math.Min(Math.Min(left, last - number), fitting);
            text = TElement.WriteList(elements + number, run, text);
            number += run;
            if (run == left) text = CloseRow(number, text);
        }

        return text;
    }

    // in place of the last comma: closes the row and the arrays that end with it, and opens as many again
    private byte* CloseRow(long number, byte* text)
    {
        text--;
        if (number == count) return Repeat(text, ']', shape.Length);

        int closed = 1;
        long arrays = number / shape[^1];
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
