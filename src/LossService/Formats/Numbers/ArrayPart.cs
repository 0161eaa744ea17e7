using System.Runtime.CompilerServices;
using LossService.Core.Tensors;

namespace LossService.Formats.Numbers;

/// <summary>
/// Consecutive rows of a nested array of numbers, or consecutive numbers of a flat one, with what they show of the lengths of the arrays
/// around them. Cores read parts independently; <see cref="TryContinue"/> joins two parts into what one reader of both would have found.
/// </summary>
/// <remarks>
/// For each depth it keeps the length of the arrays that began and ended in the part (they must agree), the length so far of the
/// array still open at the part's end, and the elements read of the array already open at its start.
/// </remarks>
internal unsafe struct ArrayPart
{
    /// <summary>How deep arrays may nest.</summary>
    public const int MaxRank = 32;

    // where a run of common numbers is shorter than this, so many numbers are read alone before the next is tried
    private const int MinRun = 4, Alone = 16;

    private fixed int _shape[MaxRank]; // 0: not known yet
    private fixed int _lengths[MaxRank];
    private fixed int _heads[MaxRank]; // 0: the array open at the start did not end here
    private uint _isOpenFromBefore;

    /// <summary>A part that begins where <see cref="FindStart"/> says; in the first part all arrays begin there.</summary>
    /// <param name="start">The first number.</param>
    /// <param name="rank">How deep the numbers are nested.</param>
    /// <param name="isFirst">Whether this is the array's first part.</param>
    /// <param name="expected">Where its text ends at the latest, to take memory for.</param>
    public ArrayPart(byte* start, int rank, bool isFirst, byte* expected)
    {
        Start = End = start;
        Rank = rank;
        Expected = expected;
        if (!isFirst) _isOpenFromBefore = (1u << (rank - 1)) - 1;
    }

    /// <summary>The first number.</summary>
    public byte* Start { get; }

    /// <summary>Where its text ends at the latest, to take memory for.</summary>
    public byte* Expected { get; set; }

    /// <summary>What is not read yet: the next row's first number, or that of a flat array, or what follows the array.</summary>
    public byte* End { get; private set; }

    /// <summary>Whether the text is not valid.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>The depth of the rows.</summary>
    public int Rank { get; }

    /// <summary>The elements read.</summary>
    public nuint Count { get; private set; }

    /// <summary>Whether the whole array ended here.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>The length of each axis, once the array is closed.</summary>
    public readonly int[] Shape
    {
        get
        {
            fixed (int* shape = _shape) return new ReadOnlySpan<int>(shape, Rank).ToArray();
        }
    }

    /// <summary>
    /// Where a part can begin: at the first number after the next closing bracket and the brackets that open after it.
    /// </summary>
    /// <returns>Null where there is no such place.</returns>
    public static byte* FindStart(byte* text, byte* end)
    {
        text += uint.CreateSaturating(new ReadOnlySpan<byte>(text, (int)(end - text)).IndexOf((byte)']'));
        var isOpened = false;
        for (; text < end && (*text is (byte)']' or (byte)',' or (byte)'[' || *text <= ' '); text++) isOpened |= *text == '[';
        return isOpened && text < end ? text : null;
    }

    /// <summary>The last place up to which a part can be read: a row's first number, in a flat array a number.</summary>
    public static byte* FindLastStart(byte* text, byte* end, int rank)
    {
        var last = new ReadOnlySpan<byte>(text, (int)(end - text)).LastIndexOf(rank == 1 ? (byte)',' : (byte)'[');
        if (last < 0) return null;
        var start = text + last + 1;
        if (rank > 1) start = JsonSpace.Skip(start, end);
        return start < end ? start : null;
    }

    /// <summary>Reads on until the array ends or the next part begins.</summary>
    /// <param name="end">The end of the text.</param>
    /// <param name="next">Where the next part begins; null where there is none.</param>
    /// <param name="elements">Takes the elements, behind those already read.</param>
    /// <returns>False where the text is not valid.</returns>
    public bool TryRead<TElement>(byte* end, byte* next, NativeBuffer elements) where TElement : unmanaged, INumberElement<TElement>
    {
        var text = End;
        var count = Count;
        IsBroken = true;
        while (text != next)
        {
            var before = count;
            text = ReadRow<TElement>(text, Rank == 1 && next != null ? next : end, _shape[Rank - 1], elements, ref count);
            if (text == null || count - before > (nuint)(int.MaxValue - _lengths[Rank - 1])) return false;
            _lengths[Rank - 1] += (int)(count - before);
            if (text[-1] != ']')
            {
                // a flat array is one row, and its parts end within it
                if (text != next) return false;
                if (before == 0) Reserve<TElement>(count, text, elements);
                break;
            }

            // close this row and the arrays that end with it
            var depth = Rank - 1;
            while (true)
            {
                if (!TryClose(depth)) return false;
                if (depth == 0)
                {
                    EndAt(text, count, isClosed: true);
                    return true;
                }
                depth--;
                _lengths[depth]++;
                text = JsonSpace.Skip(text, end);
                if (text >= end) return false;
                if (*text++ == ',') break;
                if (text[-1] != ']') return false;
            }

            // open as many again, down to the next row
            for (depth++; depth < Rank; depth++)
            {
                text = JsonSpace.Skip(text, end);
                if (text >= end || *text++ != '[') return false;
                _lengths[depth] = 0;
            }
            text = JsonSpace.Skip(text, end);
            if (before == 0) Reserve<TElement>(count, text, elements);
        }
        EndAt(text, count, isClosed: false);
        return true;
    }

    /// <summary>Joins the part that begins where this one ends.</summary>
    /// <returns>False where that part is not valid, or the lengths of the two do not agree.</returns>
    public bool TryContinue(in ArrayPart next)
    {
        if (End != next.Start || next.IsBroken) return false;
        for (var depth = 0; depth < Rank; depth++)
        {
            if (next._heads[depth] > 0)
            {
                _lengths[depth] += next._heads[depth];
                if (!TryClose(depth)) return false;
                _lengths[depth] = 0;
            }
            if (next._shape[depth] > 0)
            {
                if (_shape[depth] == 0) _shape[depth] = next._shape[depth];
                if (_shape[depth] != next._shape[depth]) return false;
            }
            _lengths[depth] += next._lengths[depth];
        }
        EndAt(next.End, Count + next.Count, next.IsClosed);
        return true;
    }

    private void EndAt(byte* end, nuint count, bool isClosed)
    {
        End = end;
        Count = count;
        IsClosed = isClosed;
        IsBroken = false;
    }

    // closes the array that is open at a depth
    private bool TryClose(int depth)
    {
        if ((_isOpenFromBefore >> depth & 1) != 0)
        {
            _isOpenFromBefore &= ~(1u << depth);
            _heads[depth] = _lengths[depth];
            return true;
        }
        if (_shape[depth] == 0) _shape[depth] = _lengths[depth];
        return _shape[depth] == _lengths[depth];
    }

    // estimates the memory from the length of what was read first, so that it need not grow
    private readonly void Reserve<TElement>(nuint count, byte* behind, NativeBuffer elements)
        where TElement : unmanaged, INumberElement<TElement>
    {
        var times = (double)(Expected - Start) / (behind - Start);
        elements.Reserve((nuint)(1.02 * times * count) * (nuint)sizeof(TElement));
    }

    // reads from a number of a row to after its bracket, or to the end of the text; null where the text is not valid. The numbers left in
    // the row are a hint; 0 where not known
    // not inlined: within its caller the loop runs out of registers and takes 2.6 times as long (see the README)
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static byte* ReadRow<TElement>(byte* text, byte* end, int left, NativeBuffer elements, ref nuint count)
        where TElement : unmanaged, INumberElement<TElement>
    {
        var next = (TElement*)elements.Address + count;
        var limit = (TElement*)elements.Address + (elements.Capacity / (nuint)sizeof(TElement));
        var alone = (uint)(left - 1) < MinRun - 1 ? Alone : 0;
        text = JsonSpace.Skip(text, end);
        while (text < end)
        {
            if (next >= limit)
            {
                count = (nuint)(next - (TElement*)elements.Address);
                elements.Reserve(nuint.Max(2 * count, 1024) * (nuint)sizeof(TElement));
                next = (TElement*)elements.Address + count;
                limit = (TElement*)elements.Address + (elements.Capacity / (nuint)sizeof(TElement));
            }
            byte* after = null;
            if (alone > 0)
            {
                alone--;
            }
            else
            {
                var run = next;
                after = TElement.TryReadRun(text, end, &run, limit);
                var length = (int)(run - next);
                left -= length;
                if (length < MinRun || (uint)left < MinRun) alone = Alone;
                next = run;
            }
            if (after == null)
            {
                after = NumberReader.TryReadCommon(text, next);
                if (after == null) after = NumberReader.TryReadAny(text, end, next);
                if (after == null) return null;
                next++;
            }
            if (*after <= ' ') after = JsonSpace.Skip(after, end);
            var separator = *after;
            text = after + 1;
            if (separator != ',')
            {
                count = (nuint)(next - (TElement*)elements.Address);
                return separator == ']' ? text : null;
            }
            if (*text <= ' ') text = JsonSpace.Skip(text, end);
        }
        count = (nuint)(next - (TElement*)elements.Address);
        return text;
    }
}
