using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using LossService.Core.Tensors;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.Json;

/// <summary>Checks that a whole text is RFC 8259 JSON.</summary>
internal static class JsonText
{
    /// <summary>The deepest nesting that is read.</summary>
    public const int MaxDepth = 64;

    /// <summary>How every value is read: no comments, no trailing commas.</summary>
    public static JsonReaderOptions Strict { get; } = new() { MaxDepth = MaxDepth };

    /// <summary>How many tokens are read between two looks at the token of cancellation.</summary>
    private const int TokensBetweenLooks = 65536;

    /// <summary>Reads the whole body once and lists the fields of its root.</summary>
    /// <param name="body">The body.</param>
    /// <param name="allowance">How many fields are listed, how long their names may be, and what ends the reading.</param>
    /// <returns>
    /// The fields, one more than may be at most; null where the root is not an object; a problem where the body is not JSON.
    /// </returns>
    public static Result<List<JsonMember>?> Outline(ReadOnlySpan<byte> body, Allowance allowance)
    {
        List<JsonMember>? members = null;
        if (body.StartsWith("\uFEFF"u8))
            return ProblemTypes.InvalidJson("The body begins with a byte order mark, which JSON does not allow.", 0);
        if (!Utf8.IsValid(body)) return ProblemTypes.InvalidJson("The body is not valid UTF-8.", FirstInvalid(body));

        var reader = new Utf8JsonReader(body, Strict);
        try
        {
            reader.Read();
            CheckSurrogates(ref reader, allowance.Memory);
            if (reader.TokenType == JsonTokenType.StartObject) members = [];
            var name = "";
            for (var tokens = 1; reader.Read(); tokens++)
            {
                if (tokens % TokensBetweenLooks == 0) allowance.Cancellation.ThrowIfCancellationRequested();
                CheckSurrogates(ref reader, allowance.Memory);
                if (members is null || reader.CurrentDepth != 1 || members.Count > allowance.Limits.Members) continue;
                if (reader.TokenType == JsonTokenType.PropertyName) name = ReadName(ref reader, allowance.Limits.NameBytes);
                else if (reader.TokenType is JsonTokenType.EndArray or JsonTokenType.EndObject)
                    Close(members, name, (int)reader.BytesConsumed);
                else if (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
                    members.Add(new(name, (int)reader.TokenStartIndex, 0));
                else members.Add(new(name, (int)reader.TokenStartIndex, (int)(reader.BytesConsumed - reader.TokenStartIndex)));
            }
            return members;
        }
        catch (JsonException broken)
        {
            var offset = FindBreak(broken, body, reader.BytesConsumed);
            return ProblemTypes.InvalidJson(Explain(broken, body, offset), offset);
        }
    }

    /// <summary>A name; of one that is too long to be known, how long it is.</summary>
    private static string ReadName(ref Utf8JsonReader reader, int maxBytes) =>
        JsonTexts.TryRead(ref reader, maxBytes, out var name) ? name : $"a name of {reader.ValueSpan.Length} bytes";

    private static void Close(List<JsonMember> members, string name, int end)
    {
        var open = members[^1];
        members[^1] = open with { Name = name, Length = end - open.Start };
    }

    /// <summary>Refuses an unpaired surrogate in a name or a string: the grammar allows the escape, but it is no character.</summary>
    private static unsafe void CheckSurrogates(ref Utf8JsonReader reader, MemoryBudget? memory)
    {
        // only \u can escape a surrogate; megabytes of base64 with \/ need not become a string
        if (!reader.ValueIsEscaped || reader.ValueSpan.IndexOf("\\u"u8) < 0) return;
        // an escape is never shorter than what it stands for
        using var unescaped = new NativeBuffer((nuint)reader.ValueSpan.Length, memory);
        try
        {
            reader.CopyString(new Span<byte>(unescaped.Address, reader.ValueSpan.Length));
        }
        catch (InvalidOperationException)
        {
            throw new JsonException("A string has an unpaired surrogate.");
        }
    }

    /// <summary>The offset of the byte at which the text breaks: the framework counts it within its line.</summary>
    private static long FindBreak(JsonException broken, ReadOnlySpan<byte> body, long consumed)
    {
        if (broken is not { LineNumber: { } line, BytePositionInLine: { } position }) return consumed;
        var start = 0;
        for (; line > 0; line--) start += body[start..].IndexOf((byte)'\n') + 1;
        return long.Min(start + position, body.Length);
    }

    private static string Explain(JsonException broken, ReadOnlySpan<byte> body, long offset)
    {
        if (body.IsEmpty) return "The body is empty.";
        // the framework's message ends in its own position, for which the problem has a field
        var message = broken.Message;
        var address = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return $"{(address < 0 ? message : message[..address])} (after {offset} bytes){HintNonFinite(body, (int)offset)}";
    }

    /// <summary>What to write in place of NaN and infinities, which JSON does not have.</summary>
    private static string HintNonFinite(ReadOnlySpan<byte> body, int offset)
    {
        var start = offset;
        while (start > 0 && (char.IsAsciiLetter((char)body[start - 1]) || body[start - 1] == '-')) start--;
        var word = Encoding.ASCII.GetString(body.Slice(start, Math.Min(9, body.Length - start)));
        var isNegative = word.StartsWith('-');
        if (isNegative) word = word[1..];
        return word.StartsWith("nan", StringComparison.OrdinalIgnoreCase) ? " Write NaN in quotes: \"NaN\"."
            : word.StartsWith("inf", StringComparison.OrdinalIgnoreCase)
                ? $" Write infinities in quotes: \"{(isNegative ? "-" : "")}Infinity\"." : "";
    }

    private static int FirstInvalid(ReadOnlySpan<byte> body)
    {
        var offset = 0;
        while (Rune.DecodeFromUtf8(body[offset..], out _, out var length) == System.Buffers.OperationStatus.Done) offset += length;
        return offset;
    }
}
