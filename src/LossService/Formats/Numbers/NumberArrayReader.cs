using System.Runtime.CompilerServices;
using LossService.Core;

namespace LossService.Formats.Numbers;

/// <summary>
/// Reads a JSON array of numbers, nested to any rectangular shape, straight from the body into tensor memory.
/// </summary>
/// <remarks>
/// It accepts only what is right (RFC 8259 syntax, equal lengths along each axis, every number finite in its dtype) and
/// converts exactly: each element is the float nearest to its decimal. Whatever is wrong, or only unusual
/// ("NaN", empty arrays, more than eight axes), it declines without a reason: a slow exact reader then reads the body again
/// and finds the value or the words for the error.
/// </remarks>
internal static unsafe class NumberArrayReader
{
    /// <summary>How deep arrays may nest.</summary>
    public const int GreatestRank = 32;

    /// <summary>The bytes behind the body that are read, though never believed.</summary>
    public const int Slack = NativeBuffer.Slack;

    /// <summary>Reads the array that stands at <paramref name="start"/>, perhaps behind white space.</summary>
    /// <param name="start">Where to read.</param>
    /// <param name="end">The end of the body, with <see cref="Slack"/> readable bytes of any content behind it.</param>
    /// <param name="elements">Takes the elements from its first byte on, growing as they come; spoiled on false.</param>
    /// <param name="array">The shape, and how many bytes of JSON it took.</param>
    /// <returns>False where there is anything but a rectangular array of numbers that fit the element.</returns>
    public static bool TryRead<TElement>(byte* start, byte* end, NativeBuffer elements, out NumberArray array)
        where TElement : unmanaged, IElement<TElement>
    {
        array = default;
        int* shape = stackalloc int[GreatestRank];
        int* lengths = stackalloc int[GreatestRank]; // so far, of the arrays that are open
        byte* text = JsonSpace.Skip(start, end);

        int rank = 0;
        while (text < end && *text == '[')
        {
            if (rank == GreatestRank) return false;
            shape[rank] = lengths[rank] = 0;
            rank++;
            text = JsonSpace.Skip(text + 1, end);
        }

        if (rank == 0) return false;

        nuint count = 0;
        while (true)
        {
            nuint before = count;
            text = ReadRow<TElement>(text, end, elements, ref count);
            if (text == null || count - before > int.MaxValue) return false;
            lengths[rank - 1] = (int)(count - before);

            // close this row and every array that ends with it
            int depth = rank - 1;
            while (true)
            {
                if (shape[depth] == 0) shape[depth] = lengths[depth];
                if (shape[depth] != lengths[depth]) return false;
                if (depth == 0)
                {
                    if (text > end) return false;
                    array = new(new ReadOnlySpan<int>(shape, rank).ToArray(), (long)count, text - start);
                    return true;
                }

                depth--;
                lengths[depth]++;
                text = JsonSpace.Skip(text, end);
                if (text >= end) return false;
                if (*text++ == ',') break;
                if (text[-1] != ']') return false;
            }

            // open as many again, down to the next row
            for (depth++; depth < rank; depth++)
            {
                text = JsonSpace.Skip(text, end);
                if (text >= end || *text++ != '[') return false;
                lengths[depth] = 0;
            }
        }
    }

    // from the first number of a row to behind its bracket; null where that is not all
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static byte* ReadRow<TElement>(byte* text, byte* end, NativeBuffer elements, ref nuint count)
        where TElement : unmanaged, IElement<TElement>
    {
        var next = (TElement*)elements.Address + count;
        var limit = (TElement*)elements.Address + (elements.Capacity / (nuint)sizeof(TElement));
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

            byte* behind = NumberText.TryReadCommon(text, next);
            if (behind == null) behind = NumberText.TryReadAny(text, end, next);
            if (behind == null) return null;
            next++;
            if (*behind <= ' ') behind = JsonSpace.Skip(behind, end);
            byte separator = *behind;
            text = behind + 1;
            if (separator != ',')
            {
                count = (nuint)(next - (TElement*)elements.Address);
                return separator == ']' ? text : null;
            }

            if (*text <= ' ') text = JsonSpace.Skip(text, end);
        }

        return null;
    }
}
