using LossService.Core.Engine;
using LossService.Core.Tensors;

namespace LossService.Formats.Numbers;

/// <summary>
/// Reads a JSON array of numbers, nested to any rectangular shape, straight from the body into tensor memory.
/// </summary>
/// <remarks>
/// It accepts only what is right (RFC 8259 syntax, equal lengths along each axis, every number finite in its dtype) and
/// converts exactly: each element is the float nearest to its decimal. Whatever is wrong, or only unusual
/// ("NaN", empty arrays, more than 32 axes), it declines without a reason: a slow exact reader then reads the body again
/// and finds the value or the words for the error.
/// <para>
/// A large array is cut between rows into stretches, one a core. Outside a string a bracket is always a bracket, so a row can
/// be found from anywhere; what a stretch cannot know, how the arrays around its first row began, comes with the stretch
/// before (<see cref="ArrayPart.TryContinue"/>).
/// </para>
/// </remarks>
internal static unsafe class NumberArrayReader
{
    /// <summary>How deep arrays may nest.</summary>
    public const int MaxRank = ArrayPart.MaxRank;

    /// <summary>The bytes behind the body that are read, though never believed.</summary>
    public const int Slack = NativeBuffer.Slack;

    /// <summary>Bytes worth a core of their own: below, handing over costs more than it saves.</summary>
    private const long Worthwhile = 512 * 1024;

    /// <inheritdoc cref="TryRead{TElement}(byte*, byte*, NativeBuffer, IdleCores.Lease, out NumberArray)"/>
    /// <remarks>On as many idle cores as the text is worth.</remarks>
    public static bool TryRead<TElement>(byte* start, byte* end, NativeBuffer elements, out NumberArray array)
        where TElement : unmanaged, IElement<TElement>
    {
        using var cores = IdleCores.Take((end - start) / Worthwhile);
        return TryRead<TElement>(start, end, elements, cores, out array);
    }

    /// <summary>Reads the array that stands at <paramref name="start"/>, perhaps behind white space.</summary>
    /// <param name="start">Where to read.</param>
    /// <param name="end">The end of the body, with <see cref="Slack"/> readable bytes of any content behind it.</param>
    /// <param name="elements">Takes the elements from its first byte on, growing as they come; spoiled on false.</param>
    /// <param name="cores">What it may use; the result is the same whatever they are.</param>
    /// <param name="array">The shape, and how many bytes of JSON it took.</param>
    /// <returns>False where there is anything but a rectangular array of numbers that fit the element.</returns>
    public static bool TryRead<TElement>(byte* start, byte* end, NativeBuffer elements, IdleCores.Lease cores, out NumberArray array)
        where TElement : unmanaged, IElement<TElement>
    {
        array = default;
        byte* text = JsonSpace.Skip(start, end);
        int rank = 0;
        while (text < end && *text == '[')
        {
            if (rank++ == MaxRank) return false;
            text = JsonSpace.Skip(text + 1, end);
        }

        if (rank == 0) return false;

        var whole = new ArrayPart(text, rank, isFirst: true);
        bool isRead = cores.Count == 1 || rank == 1
            ? whole.TryRead<TElement>(end, null, elements)
            : TryReadParts<TElement>(ref whole, end, elements, cores);
        if (!isRead || !whole.IsClosed || whole.End > end) return false;
        array = new(whole.Shape, (long)whole.Count, whole.End - start);
        return true;
    }

    private static bool TryReadParts<TElement>(ref ArrayPart whole, byte* end, NativeBuffer elements, IdleCores.Lease cores)
        where TElement : unmanaged, IElement<TElement>
    {
        // no array of numbers goes on behind a quote: the next member's name stands there
        long length = end - whole.Start;
        long quote = length > int.MaxValue ? -1 : new ReadOnlySpan<byte>(whole.Start, (int)length).IndexOf((byte)'"');
        if (quote >= 0) length = quote;

        var stretches = new ArrayPart[cores.Count];
        var buffers = new NativeBuffer[cores.Count];
        (stretches[0], buffers[0]) = (whole, elements);
        int count = 1;
        for (int i = 1; i < cores.Count; i++)
        {
            byte* row = ArrayPart.FindRow(whole.Start + (length * i / cores.Count), whole.Start + length);
            if (row == null || row <= stretches[count - 1].Start) continue;
            stretches[count] = new(row, whole.Rank, isFirst: false);
            buffers[count++] = new();
        }

        try
        {
            byte* last = whole.Start + length;
            cores.Run(i =>
            {
                if (i < count) stretches[i].TryRead<TElement>(last, i + 1 < count ? stretches[i + 1].Start : null, buffers[i]);
            });

            whole = stretches[0];
            for (int i = 1; i < count && whole.End != null && !whole.IsClosed; i++)
            {
                nuint before = whole.Count;
                if (!whole.TryContinue(stretches[i])) return false;
                elements.Reserve(whole.Count * (nuint)sizeof(TElement));
                nuint bytes = (whole.Count - before) * (nuint)sizeof(TElement);
                Buffer.MemoryCopy(buffers[i].Address, (TElement*)elements.Address + before, bytes, bytes);
                buffers[i].Dispose();
            }

            return whole.End != null;
        }
        finally
        {
            for (int i = 1; i < count; i++) buffers[i].Dispose();
        }
    }
}
