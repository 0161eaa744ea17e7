using System.Runtime.CompilerServices;

namespace LossService.Formats.Numbers;

/// <summary>JSON's white space: space, line feed, carriage return, tab.</summary>
internal static unsafe class JsonSpace
{
    private const ulong Characters = (1ul << ' ') | (1ul << '\n') | (1ul << '\r') | (1ul << '\t');

    /// <summary>The first byte from <paramref name="text"/> on that is not white space, or <paramref name="end"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Skip(byte* text, byte* end)
    {
        while (text < end && *text <= ' ' && ((Characters >> *text) & 1) != 0) text++;
        return text;
    }
}
