namespace LossService.Formats.Json;

/// <summary>One member of a JSON object: its name, and where its value stands in the body.</summary>
/// <param name="Name">The name, unescaped.</param>
/// <param name="Start">The offset of the value's first byte.</param>
/// <param name="Length">The value's length in bytes.</param>
internal readonly record struct JsonMember(string Name, int Start, int Length)
{
    /// <summary>The value's bytes.</summary>
    public ReadOnlySpan<byte> Value(ReadOnlySpan<byte> body) => body.Slice(Start, Length);

    /// <summary>Whether the value is null, which means that the member is not given.</summary>
    public bool IsNull(ReadOnlySpan<byte> body) => Value(body).SequenceEqual("null"u8);
}
