using System.Globalization;
using System.Text;
using System.Text.Json;

namespace LossService.Tests.Golden;

/// <summary>One case of a golden file: the body to post, and the answer owed to it; see the README beside the files.</summary>
internal sealed record GoldenCase(string Name, string Body, JsonElement Expected, bool IsFloat64)
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Golden");

    /// <summary>The losses that have a golden file.</summary>
    public static IEnumerable<string> Losses =>
        Directory.EnumerateFiles(Folder, "*.json").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal);

    /// <summary>Whether the labels are the predictions, rounded to float64: the results are what the rounding left.</summary>
    public bool Cancels => IsFloat64 && Name.StartsWith("labels next to predictions", StringComparison.Ordinal);

    /// <summary>The cases of a loss's file.</summary>
    public static IReadOnlyList<GoldenCase> Read(string loss)
    {
        using var stream = File.OpenRead(Path.Combine(Folder, loss + ".json"));
        return [.. JsonDocument.Parse(stream).RootElement.EnumerateArray().Select(Of)];
    }

    private static GoldenCase Of(JsonElement written)
    {
        var request = written.GetProperty("request");
        // the text of the numbers is part of the case, so the body is copied, not written anew
        var body = request.GetRawText();
        if (written.TryGetProperty("generator", out var generator)) body = $"{{{Generate(generator)},{body[1..]}";
        return new(
            written.GetProperty("name").GetString()!, body, written.GetProperty("expected"),
            request.TryGetProperty("dtype", out var dtype) && dtype.ValueEquals("float64"));
    }

    /// <summary>The tensors that a generator states, as members of the body.</summary>
    private static string Generate(JsonElement generator)
    {
        var random = new SplitMix64(generator.GetProperty("seed").GetUInt64());
        var (rows, classes) = (generator.GetProperty("rows").GetInt32(), generator.GetProperty("classes").GetInt32());
        var scale = generator.GetProperty("scale").GetDouble();
        var text = new StringBuilder("\"logits\":");
        Append(() => ((float)(((long)(random.Next() >> 40) - (1 << 23)) * scale / (1 << 23))).ToString("R", CultureInfo.InvariantCulture));
        if (!generator.TryGetProperty("labels", out _)) return text.ToString();
        text.Append(",\"labels\":");
        Append(() => random.Next() >> 63 == 0 ? "0" : "1");
        return text.ToString();

        void Append(Func<string> next)
        {
            for (var row = 0; row < rows; row++)
            {
                text.Append(row == 0 ? "[[" : ",[").Append(next());
                for (var i = 1; i < classes; i++) text.Append(',').Append(next());
                text.Append(']');
            }
            text.Append(']');
        }
    }

    /// <summary>Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, 2014.</summary>
    private sealed class SplitMix64(ulong state)
    {
        private ulong _state = state;

        public ulong Next()
        {
            var z = _state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
