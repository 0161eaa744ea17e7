namespace LossService.Formats.Numbers;

/// <summary>An element of an array of numbers: how a decimal ±w · 10^q becomes one, and how it is written as JSON.</summary>
internal unsafe interface INumberElement<TSelf> : IWrittenElement<TSelf> where TSelf : unmanaged, INumberElement<TSelf>
{
    /// <summary>Whether a fraction or an exponent, even a zero one, is refused.</summary>
    static abstract bool IsInteger { get; }

    /// <summary>Converts w · 10^q, or −w · 10^q where <paramref name="negative"/> is 1 and not 0.</summary>
    /// <returns>False where the value does not fit, or the rounding is not certain.</returns>
    static abstract bool TryConvert(ulong w, int q, uint negative, TSelf* element);

    /// <summary>Reads numbers with commas between them, as many as it can.</summary>
    /// <param name="text">The first number.</param>
    /// <param name="end">Where no number begins any more.</param>
    /// <param name="next">Takes the numbers, and is advanced by them.</param>
    /// <param name="limit">The end of the memory for numbers.</param>
    /// <returns>The end of the last number; null where none was read.</returns>
    static abstract byte* TryReadRun(byte* text, byte* end, TSelf** next, TSelf* limit);

    /// <summary>Converts a well-formed JSON number of any length.</summary>
    /// <returns>False where the value does not fit.</returns>
    static abstract bool TryParse(ReadOnlySpan<byte> number, out TSelf element);
}
