using Grpc.Core;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>
/// Counts the inputs and outputs of a message while it is parsed: an empty one takes two bytes of the message and hundreds of memory,
/// and <see cref="CallAdmission"/> takes memory by the message's length.
/// </summary>
internal static class MessageParts
{
    /// <summary>The most parts; <c>Limits</c> refuses fewer, with words.</summary>
    public const int Max = 4096;

    // a message is parsed by one thread, from its own constructor on
    [ThreadStatic]
    private static int s_count;

    /// <summary>Begins a message.</summary>
    public static void Begin() => s_count = 0;

    /// <summary>Counts a part.</summary>
    /// <exception cref="RpcException">There are too many.</exception>
    public static void Add()
    {
        if (++s_count > Max)
            throw new RpcException(new(StatusCode.InvalidArgument, $"The message has more than {Max} inputs and outputs."));
    }
}
