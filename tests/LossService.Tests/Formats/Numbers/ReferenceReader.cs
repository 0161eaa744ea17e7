using System.Text.Json;
using LossService.Formats.Numbers;

namespace LossService.Tests.Formats.Numbers;

/// <summary>What <see cref="NumberArrayReader"/> must agree with: the same, plainly, on the framework's JSON reader.</summary>
internal static class ReferenceReader
{
    public delegate bool ReadElement<T>(ref Utf8JsonReader reader, out T element);

    public static (int[] Shape, T[] Elements, long Length)? Read<T>(ReadOnlySpan<byte> text, ReadElement<T> element)
    {
        try
        {
            var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = 1000 });
            reader.Read();
            var elements = new List<T>();
            return ReadArray(ref reader, element, elements) is { } shape
                ? (shape, elements.ToArray(), reader.BytesConsumed)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static bool Float32(ref Utf8JsonReader reader, out float element) =>
        reader.TryGetSingle(out element) && float.IsFinite(element);

    public static bool Float64(ref Utf8JsonReader reader, out double element) =>
        reader.TryGetDouble(out element) && double.IsFinite(element);

    public static bool Int64(ref Utf8JsonReader reader, out long element) => reader.TryGetInt64(out element);

    // the shape of the value the reader stands on: [] for a number; null where it is no rectangular array
    private static int[]? ReadArray<T>(ref Utf8JsonReader reader, ReadElement<T> element, List<T> elements)
    {
        if (reader.TokenType == JsonTokenType.Number)
        {
            if (!element(ref reader, out var value)) return null;
            elements.Add(value);
            return [];
        }
        if (reader.TokenType != JsonTokenType.StartArray) return null;
        var length = 0;
        int[]? inner = null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (ReadArray(ref reader, element, elements) is not { } shape) return null;
            if (inner != null && !inner.SequenceEqual(shape)) return null;
            inner = shape;
            length++;
        }
        return inner == null ? null : [length, .. inner];
    }
}
