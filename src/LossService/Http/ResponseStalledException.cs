namespace LossService.Http;

/// <summary>A client takes nothing of its responses, and no more can be held for it.</summary>
/// <param name="held">The bytes held.</param>
internal sealed class ResponseStalledException(long held) : Exception
{
    /// <summary>The bytes held.</summary>
    public long Held { get; } = held;
}
