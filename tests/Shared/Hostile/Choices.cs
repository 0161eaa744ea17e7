namespace LossService.Tests.Shared.Hostile;

/// <summary>
/// Decisions, each made by the next bytes of an input that a fuzzer, CsCheck or a seed has drawn. Where the input ends every decision is
/// the first, the plainest: so a shorter input makes a plainer request, and a changed byte changes one decision.
/// </summary>
internal sealed class Choices(byte[] input)
{
    private int _next;

    /// <summary>Whether the input is used up: what follows is plain.</summary>
    public bool IsAtEnd => _next >= input.Length;

    /// <summary>The next byte.</summary>
    public byte Byte() => IsAtEnd ? (byte)0 : input[_next++];

    /// <summary>A number from 0 to <paramref name="count"/> − 1, at most 255.</summary>
    public int Below(int count) => Byte() % count;

    /// <summary>True in one case of <paramref name="count"/>.</summary>
    public bool OneIn(int count) => Below(count) == count - 1;

    /// <summary>One of some values, the first by default.</summary>
    public T Of<T>(params ReadOnlySpan<T> values) => values[Below(values.Length)];

    /// <summary>A size from 0 to <paramref name="most"/>: as often from 10 to 100 as from 1000 to 10,000.</summary>
    public int Size(int most) => (int)Math.Min(most, Math.Pow(most + 1.0, Byte() / 255.0) - 1 + 1e-9);

    /// <summary>A size near a limit, one below or above it or the limit itself, or any up to twice the limit.</summary>
    public int Near(int limit) => Below(5) switch
    {
        0 => Size(Math.Min(limit, 8)),
        1 => limit - 1,
        2 => limit,
        3 => limit + 1,
        _ => Size(2 * limit),
    };
}
