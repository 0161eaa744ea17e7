using System.Buffers;
using System.Runtime.InteropServices;
using LossService.Core.Engine;

namespace LossService.Formats.Numbers;

/// <summary>
/// Writes a row-major tensor as nested JSON arrays, block by block, so that the caller can flush in between:
/// <code>
/// var writer = new NumberArrayWriter(shape);
/// while (writer.WriteBlock(values, pipe)) await pipe.FlushAsync(cancellation);
/// </code>
/// </summary>
/// <remarks>It keeps only its position; the values are passed with each block, since a span cannot be kept across an await.</remarks>
internal sealed unsafe class NumberArrayWriter
{
    /// <summary>The bytes that a block asks the output for; where it gets more, it fills them.</summary>
    public const int BlockSize = 64 * 1024;

    // after a row
    private const int Brackets = 2 * NumberArrayReader.MaxRank + 1;

    // so that a block does not end in many short runs
    private const int MinSpace = 1024;

    // four write faster than a connection sends
    private const int MaxCores = 4;

    // the numbers that a core writes at once, where several write one tensor
    private const int PartLength = 16 * 1024;

    private readonly int[] _shape;
    private readonly long _count;
    private readonly int _partRoom; // the bytes of a part whose numbers all have the greatest length
    private long _written;

    /// <param name="shape">The length of each axis, outermost first; none may be 0. No axis: a single number.</param>
    public NumberArrayWriter(ReadOnlySpan<int> shape)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shape.Length, NumberArrayReader.MaxRank);
        _count = 1;
        foreach (var extent in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(extent);
            _count = checked(_count * extent);
        }
        _shape = shape.ToArray();
        var brackets = shape.Length == 0 ? 0 : (2 * shape.Length + shape[^1]) / shape[^1];
        _partRoom = PartLength * (NumberWriter.MaxLength + brackets) + 2 * MinSpace;
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

    /// <inheritdoc cref="WriteBlock{TElement}"/>
    public bool WriteBlock(ReadOnlySpan<Half> values, IBufferWriter<byte> output) =>
        WriteOnIdleCores(MemoryMarshal.Cast<Half, Float16Element>(values), output);

    /// <summary>The same for bfloat16, by its bits.</summary>
    /// <inheritdoc cref="WriteBlock{TElement}"/>
    public bool WriteBlock(ReadOnlySpan<ushort> values, IBufferWriter<byte> output) =>
        WriteOnIdleCores(MemoryMarshal.Cast<ushort, BFloat16Element>(values), output);

    /// <summary>Continues where the last block ended, and advances the output by what it wrote.</summary>
    /// <param name="values">All values of the tensor, the same for every block.</param>
    /// <param name="output">Where the text goes.</param>
    /// <param name="cores">The cores it may use; the text is the same for any number of them.</param>
    /// <returns>Whether there is more to write.</returns>
    public bool WriteBlock<TElement>(ReadOnlySpan<TElement> values, IBufferWriter<byte> output, IdleCores.Lease cores)
        where TElement : unmanaged, IWrittenElement<TElement>
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, _count);
        if (_written == _count) return false;

        fixed (TElement* elements = values)
        {
            if (cores.Count > 1 && (_count - _written) / PartLength >= cores.Count) WriteParts(elements, cores, output);
            else WriteAlone(elements, output);
        }
        return _written < _count;
    }

    private bool WriteOnIdleCores<TElement>(ReadOnlySpan<TElement> values, IBufferWriter<byte> output)
        where TElement : unmanaged, IWrittenElement<TElement>
    {
        // taken for one block at a time, so that a slow client holds no core
        using var cores = IdleCores.Take(long.Min(MaxCores, (_count - _written) / PartLength));
        return WriteBlock(values, output, cores);
    }

    private void WriteAlone<TElement>(TElement* elements, IBufferWriter<byte> output) where TElement : unmanaged, IWrittenElement<TElement>
    {
        var block = output.GetSpan(BlockSize);
        fixed (byte* text = block)
        {
            var end = Write(elements, ref _written, _count, text, text + block.Length);
            output.Advance((int)(end - text));
        }
    }

    // each core writes a part at its own offset, with room for the longest numbers; then the parts are moved together
    private void WriteParts<TElement>(TElement* elements, IdleCores.Lease cores, IBufferWriter<byte> output)
        where TElement : unmanaged, IWrittenElement<TElement>
    {
        var block = output.GetSpan(_partRoom * cores.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(block.Length, _partRoom * cores.Count, nameof(output));
        var ends = new nint[cores.Count];
        var first = _written;
        fixed (byte* start = block)
        {
            var text = start; // a lambda cannot capture a fixed pointer
            cores.Run(i =>
            {
                var number = first + i * PartLength;
                var part = text + (long)i * _partRoom;
                ends[i] = (nint)Write(elements, ref number, number + PartLength, part, part + _partRoom);
            });
            var end = (byte*)ends[0];
            for (var i = 1; i < ends.Length; i++)
            {
                var part = start + (long)i * _partRoom;
                var length = (byte*)ends[i] - part;
                Buffer.MemoryCopy(part, end, length, length);
                end += length;
            }
            _written += cores.Count * PartLength;
            output.Advance((int)(end - start));
        }
    }

    // writes numbers up to a last one, or as many as there is room for, with their brackets
    private byte* Write<TElement>(TElement* elements, ref long number, long last, byte* text, byte* end)
        where TElement : unmanaged, IWrittenElement<TElement>
    {
        if (number == 0) text = Repeat(text, '[', _shape.Length);
        long rowLength = _shape.Length == 0 ? 1 : _shape[^1];
        while (number < last && end - text >= MinSpace)
        {
            var left = rowLength - number % rowLength;
            var fitting = (end - text - NumberWriter.Room - Brackets) / NumberWriter.MaxLength;
            var run = (int)Math.Min(Math.Min(left, last - number), fitting);
            text = TElement.WriteList(elements + number, run, text);
            number += run;
            if (run == left) text = CloseRow(number, text);
        }
        return text;
    }

    // replaces the last comma: closes the row and the arrays that end with it, and opens as many again
    private byte* CloseRow(long number, byte* text)
    {
        text--;
        if (number == _count) return Repeat(text, ']', _shape.Length);
        var closed = 1;
        var arrays = number / _shape[^1];
        for (var axis = _shape.Length - 2; arrays % _shape[axis] == 0; axis--)
        {
            arrays /= _shape[axis];
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
