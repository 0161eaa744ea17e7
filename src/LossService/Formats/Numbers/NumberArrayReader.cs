using LossService.Core.Engine;
using LossService.Core.Tensors;

namespace LossService.Formats.Numbers;

/// <summary>
/// Reads a JSON array of numbers, nested to any rectangular shape, straight from the body into tensor memory.
/// </summary>
/// <remarks>
/// It accepts only valid arrays (RFC 8259 syntax, equal lengths along each axis, every number finite in its dtype) and converts
/// exactly: each element is the float nearest to its decimal. Whatever is invalid or unusual ("NaN", empty arrays, more than 32
/// axes) it declines without a reason: a slow exact reader then reads the body again and finds the value or the error's text.
/// <para>
/// A large array is split between rows into parts, one for each core. Outside a string a bracket is always a bracket, so the next
/// row can be found from any byte; how the arrays around a part's first row began is known to the part before it
/// (<see cref="ArrayPart.TryContinue"/>).
/// </para>
/// </remarks>
internal static unsafe class NumberArrayReader
{
    /// <summary>How deep arrays may nest.</summary>
    public const int MaxRank = ArrayPart.MaxRank;

    /// <summary>The bytes after the body that must be readable; what they hold does not change the result.</summary>
    public const int Slack = NativeBuffer.Slack;

    /// <summary>The least bytes for another core: with fewer, the handover costs more than it saves.</summary>
    private const long MinPartBytes = 512 * 1024;

    /// <inheritdoc cref="TryRead{TElement}(byte*, byte*, NativeBuffer, IdleCores.Lease, out NumberArray)"/>
    /// <remarks>Uses idle cores where the text is long enough.</remarks>
    public static bool TryRead<TElement>(byte* start, byte* end, NativeBuffer elements, out NumberArray array)
        where TElement : unmanaged, INumberElement<TElement>
    {
        using var cores = IdleCores.Take((end - start) / MinPartBytes);
        return TryRead<TElement>(start, end, elements, cores, out array);
    }

    /// <summary>Reads the array at <paramref name="start"/>, after any white space.</summary>
    /// <param name="start">Where to read.</param>
    /// <param name="end">The end of the body; <see cref="Slack"/> bytes after it must be readable.</param>
    /// <param name="elements">Takes the elements from its first byte on and grows as needed; its content is undefined on false.</param>
    /// <param name="cores">The cores it may use; the result is the same for any number of them.</param>
    /// <param name="array">The shape, and how many bytes of JSON were read.</param>
    /// <returns>False where there is anything but a rectangular array of numbers that fit the element.</returns>
    public static bool TryRead<TElement>(byte* start, byte* end, NativeBuffer elements, IdleCores.Lease cores, out NumberArray array)
        where TElement : unmanaged, INumberElement<TElement>
    {
        array = default;
        var first = FindFirst(start, end, out var rank);
        return first != null && TryFinish<TElement>(new(first, rank, isFirst: true, end), start, end, elements, cores, out array);
    }

    /// <summary>Reads on where a part of the array is read.</summary>
    /// <param name="part">The part from the array's first number on.</param>
    /// <param name="start">Where the array begins.</param>
    /// <param name="end">The end of the body.</param>
    /// <param name="elements">Has the elements of the part, and takes the others.</param>
    /// <param name="array">The shape, and how many bytes of JSON were read.</param>
    /// <inheritdoc cref="TryRead{TElement}(byte*, byte*, NativeBuffer, IdleCores.Lease, out NumberArray)"/>
    public static bool TryFinish<TElement>(ArrayPart part, byte* start, byte* end, NativeBuffer elements, out NumberArray array)
        where TElement : unmanaged, INumberElement<TElement>
    {
        using var cores = IdleCores.Take((end - part.End) / MinPartBytes);
        return TryFinish<TElement>(part, start, end, elements, cores, out array);
    }

    /// <summary>The first number of the array at <paramref name="start"/>, after any white space; null where there is none.</summary>
    public static byte* FindFirst(byte* start, byte* end, out int rank)
    {
        rank = 0;
        var text = JsonSpace.Skip(start, end);
        while (text < end && *text == '[')
        {
            if (rank++ == MaxRank) return null;
            text = JsonSpace.Skip(text + 1, end);
        }
        return rank == 0 ? null : text;
    }

    private static bool TryFinish<TElement>(
        ArrayPart whole, byte* start, byte* end, NativeBuffer elements, IdleCores.Lease cores, out NumberArray array)
        where TElement : unmanaged, INumberElement<TElement>
    {
        array = default;
        if (!whole.IsClosed)
        {
            var isRead = cores.Count == 1 || whole.Rank == 1
                ? whole.TryRead<TElement>(end, null, elements)
                : TryReadParts<TElement>(ref whole, end, elements, cores);
            if (!isRead || !whole.IsClosed || whole.End > end) return false;
        }
        array = new(whole.Shape, (long)whole.Count, whole.End - start);
        return true;
    }

    private static bool TryReadParts<TElement>(ref ArrayPart whole, byte* end, NativeBuffer elements, IdleCores.Lease cores)
        where TElement : unmanaged, INumberElement<TElement>
    {
        // a quote is the start of the next field's name, so the array ends before it
        var from = whole.End;
        var length = end - from;
        long quote = length > int.MaxValue ? -1 : new ReadOnlySpan<byte>(from, (int)length).IndexOf((byte)'"');
        if (quote >= 0) length = quote;

        // the first part takes the memory of all
        whole.Expected = from + length;
        var parts = new ArrayPart[cores.Count];
        var buffers = new NativeBuffer[cores.Count];
        (parts[0], buffers[0]) = (whole, elements);
        var count = 1;
        for (var i = 1; i < cores.Count; i++)
        {
            var start = ArrayPart.FindStart(from + length * i / cores.Count, from + length);
            if (start == null || start <= parts[count - 1].End) continue;
            parts[count] = new(start, whole.Rank, isFirst: false, from + length * (i + 1) / cores.Count);
            buffers[count++] = new(0, elements.Budget);
        }
        try
        {
            var last = from + length;
            cores.Run(i =>
            {
                if (i < count) parts[i].TryRead<TElement>(last, i + 1 < count ? parts[i + 1].Start : null, buffers[i]);
            });
            whole = parts[0];
            for (var i = 1; i < count && !whole.IsBroken && !whole.IsClosed; i++)
            {
                var before = whole.Count;
                if (!whole.TryContinue(parts[i])) return false;
                elements.Reserve(whole.Count * (nuint)sizeof(TElement));
                var bytes = (whole.Count - before) * (nuint)sizeof(TElement);
                Buffer.MemoryCopy(buffers[i].Address, (TElement*)elements.Address + before, bytes, bytes);
                buffers[i].Dispose();
            }
            return !whole.IsBroken;
        }
        finally
        {
            for (var i = 1; i < count; i++) buffers[i].Dispose();
        }
    }
}
