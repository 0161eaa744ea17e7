using System.Text;
using LossService.Core.Engine;
using LossService.Core.Tensors;
using LossService.Http;

namespace LossService.Formats.Numbers;

/// <summary>
/// Reads arrays of numbers while the body that they are in is on its way: a network that is slower than the reader then hides the reading.
/// </summary>
/// <remarks>
/// It looks for members of given names and does not read the rest, so what it takes for an array may be in a string, and the dtype is a
/// guess. The reader of the whole body takes an array over where it comes to the same byte with the same dtype; any other is dropped.
/// <para>
/// It reads only in time that would be spent waiting for the network, on a core without a computation, and while most of the memory is
/// free: a request gets its tensors sooner than its turn, but never at the cost of another one.
/// </para>
/// </remarks>
/// <param name="names">The members whose values are read.</param>
/// <param name="memory">The memory that all requests share.</param>
internal sealed unsafe class ReadAhead(IReadOnlyList<string> names, MemoryBudget memory) : IDisposable
{
    /// <summary>The bytes that are read before the network is looked at again: some 50 µs.</summary>
    private const int Step = 64 * 1024;

    /// <summary>
    /// A body longer than the memory over this is read when it is there: the memory for an array is a guess until its end is known, and
    /// a request that fits must not be refused for it.
    /// </summary>
    private const int MinShare = 16;

    private readonly List<Arriving> _arrays = [];
    private Arriving? _current;
    private byte* _body;
    private long _searched;
    private bool _isOver;

    /// <summary>Reads a piece of what has arrived.</summary>
    /// <param name="body">The body.</param>
    /// <param name="length">The length that it should have.</param>
    /// <returns>False where there is nothing to read before more arrives.</returns>
    public bool Advance(RequestBody body, long length)
    {
        if (_isOver || length > memory.Limit / MinShare || memory.Used > memory.Limit / 2) return false;
        if (_body == null) _body = body.Start;
        if (_body != body.Start)
        {
            // it is longer than its length said, as a compressed one may be, and has moved
            Dispose();
            return false;
        }
        var end = _body + body.Span.Length;
        _current ??= Find(end, length, body.Memory);
        if (_current?.FindNext(end, Step) is not { } next || !IdleCores.TryTake(out var core)) return false;
        using (core)
        {
            var (array, isRead) = (_current, _current.TryRead(end, (byte*)next));
            if (isRead && !array.IsClosed) return true;
            _current = null;
            _searched = array.End - _body;
            if (isRead) _arrays.Add(array);
            else array.Dispose();
            _isOver = !isRead;
            return isRead;
        }
    }

    /// <summary>Hands over what is read of an array.</summary>
    /// <param name="start">Where the array begins.</param>
    /// <param name="dtype">The dtype that it has.</param>
    /// <returns>What is read, which the caller disposes of; null where nothing is.</returns>
    public Arriving? Take(byte* start, DType dtype)
    {
        if (_current is { } current) _arrays.Add(current);
        _current = null;
        var found = _arrays.Find(array => array.Start == start && array.DType == dtype);
        if (found is not null) _arrays.Remove(found);
        return found;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _current?.Dispose();
        foreach (var array in _arrays) array.Dispose();
        _arrays.Clear();
        (_current, _isOver) = (null, true);
    }

    /// <summary>Finds the next member that is an array of numbers; null where none has arrived.</summary>
    private Arriving? Find(byte* end, long length, MemoryBudget? budget)
    {
        while (true)
        {
            var from = _body + _searched;
            var bracket = new ReadOnlySpan<byte>(from, (int)(end - from)).IndexOf((byte)'[');
            if (bracket < 0)
            {
                _searched = end - _body;
                return null;
            }
            var start = from + bracket;
            if (IsNamed(start))
            {
                var first = NumberArrayReader.FindFirst(start, end, out var rank);
                // its first number has not arrived
                if (first == end) return null;
                if (first != null && (*first == '-' || char.IsAsciiDigit((char)*first)))
                    return new(start, GuessDType(start), new(first, rank, isFirst: true, _body + length), budget);
            }
            _searched = start + 1 - _body;
        }
    }

    /// <summary>Whether a value belongs to a member of one of the names.</summary>
    private bool IsNamed(byte* value)
    {
        var before = new ReadOnlySpan<byte>(_body, (int)(value - _body)).TrimEnd(" \t\r\n"u8);
        if (!before.EndsWith(":"u8)) return false;
        before = before[..^1].TrimEnd(" \t\r\n"u8);
        if (!before.EndsWith("\""u8)) return false;
        var name = before[(before[..^1].LastIndexOf((byte)'"') + 1)..^1];
        foreach (var known in names)
            if (Ascii.Equals(name, known)) return true;
        return false;
    }

    private DType GuessDType(byte* start) =>
        new ReadOnlySpan<byte>(_body, (int)(start - _body)).IndexOf("\"float64\""u8) < 0 ? DType.Float32 : DType.Float64;

    /// <summary>An array that has arrived in part.</summary>
    /// <param name="start">Where it begins.</param>
    /// <param name="dtype">The dtype that it is read as.</param>
    /// <param name="part">What is read of it.</param>
    /// <param name="budget">What its memory is taken from.</param>
    public sealed class Arriving(byte* start, DType dtype, ArrayPart part, MemoryBudget? budget) : IDisposable
    {
        private readonly byte* _start = start;
        private ArrayPart _part = part;

        /// <summary>Where it begins.</summary>
        public byte* Start => _start;

        /// <summary>The dtype that it is read as.</summary>
        public DType DType => dtype;

        /// <summary>What is read of it.</summary>
        public ArrayPart Part => _part;

        /// <summary>Behind what is read.</summary>
        public byte* End => _part.End;

        /// <summary>Whether it is read to its end.</summary>
        public bool IsClosed => _part.IsClosed;

        /// <summary>The elements of the part.</summary>
        public NativeBuffer Elements { get; } = new(0, budget);

        /// <summary>Up to where it can be read, at most a step where that is enough for a row; null where no row has arrived.</summary>
        public nint? FindNext(byte* end, int step)
        {
            var next = end - _part.End <= step ? null : ArrayPart.FindLastStart(_part.End, _part.End + step, _part.Rank);
            if (next == null) next = ArrayPart.FindLastStart(_part.End, end, _part.Rank);
            return next == null || next == _part.End ? null : (nint)next;
        }

        /// <summary>Reads on.</summary>
        /// <returns>False where it is no array of numbers, or there is no memory for it.</returns>
        public bool TryRead(byte* end, byte* next)
        {
            try
            {
                return dtype == DType.Float64
                    ? _part.TryRead<Float64Element>(end, next, Elements)
                    : _part.TryRead<Float32Element>(end, next, Elements);
            }
            catch (MemoryBudgetException)
            {
                return false;
            }
        }

        /// <inheritdoc/>
        public void Dispose() => Elements.Dispose();
    }
}
