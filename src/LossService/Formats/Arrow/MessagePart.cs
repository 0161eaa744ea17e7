namespace LossService.Formats.Arrow;

/// <summary>A buffer of a record batch.</summary>
/// <param name="start">Where it begins in the message.</param>
/// <param name="bytes">Its bytes.</param>
internal readonly ref struct MessagePart(int start, ReadOnlySpan<byte> bytes)
{
    /// <summary>Where it begins in the message.</summary>
    public int Start { get; } = start;

    /// <summary>Its bytes.</summary>
    public ReadOnlySpan<byte> Bytes { get; } = bytes;

    /// <summary>How many bytes it has.</summary>
    public int Length => Bytes.Length;
}
