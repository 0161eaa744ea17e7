using System.Text;
using System.Text.Json;
using LossService.Tests.Support;

namespace LossService.Tests.Formats.Json;

/// <summary>
/// What is RFC 8259 JSON and what is not, wherever a value can stand: 400 with the byte where it breaks, or whatever the value
/// deserves as a part of a batch, but never the other.
/// </summary>
public sealed class SyntaxTests(TestService service)
{
    private const string Path = "/v1/losses/cross_entropy";

    /// <summary>Where a value can stand (§ is the place), and whether a batch with a value there is scored.</summary>
    private static readonly Dictionary<string, Func<JsonElement, bool>> Places = new()
    {
        ["§"] = _ => false,
        ["""{"logits":§,"labels":[0]}"""] = _ => false,
        ["""{"logits":[[§,2]],"labels":[0]}"""] = IsNumber,
        ["""{"logits":[[1,§]],"labels":[0]}"""] = IsNumber,
        ["""{"logits":[[1,2]],"labels":[§]}"""] = value => IsNumber(value) && value.TryGetInt64(out var label) && label is 0 or 1,
        ["""{"logits":[[1,2]],"labels":[0],"sample_weight":[§]}"""] = value => IsNumber(Inner(value)) && IsWeight(Inner(value)),
        ["""{"logits":[[1,2]],"labels":[0],"mask":[§]}"""] = value => Inner(value).ValueKind is JsonValueKind.True or JsonValueKind.False
            || (IsNumber(Inner(value)) && Inner(value).TryGetInt64(out var bit) && (bit is 0 or 1)),
        ["""{"logits":[[1,2]],"labels":[0],"label_smoothing":§}"""] = value =>
            IsNull(value) || (IsNumber(value) && value.GetDouble() is >= 0 and <= 1),
        ["""{"logits":[[1,2]],"labels":[0],"class_weight":[1,§]}"""] = value => IsNumber(value) && IsWeight(value),
        ["""{"logits":[[1,2]],"labels":[0],"outputs":[§]}"""] = _ => false,
        ["""{"id":§,"logits":[[1,2]],"labels":[0]}"""] = value => IsNull(value) || value.ValueKind == JsonValueKind.String,
        ["""{"logits":[[1,2]],"labels":[0],"unknown":§}"""] = _ => false,
        ["""{"logits":[[1,2]],"labels":[0],"unknown":{"deep":[[[§]]]}}"""] = _ => false,
    };

    /// <summary>No JSON values; bytes that no string literal can hold are written as \xNN.</summary>
    private static readonly string[] Broken =
    [
        // numbers
        "01", "-01", "-", "+1", ".5", "-.5", "1.", "1.e3", "1e", "1e+", "1E-", "1e1.5", "0x10", "1_000", "1,000,", "1 2", "--1", "1-",
            "0e", "1f", "1.0.0", "１",
        // literals
        "NaN", "Infinity", "-Infinity", "nan", "inf", "True", "nul", "truefalse", "undefined", "TRUE",
        // strings
        "'a'", "\"a", "a\"", "\"\\x4a\"", "\"\\a\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\\"", "\"a\tb\"", "\"a\nb\"", "\"\\x00\"",
            "\"\\x1F\"", "`a`",
        // half a surrogate pair stands for no character
        "\"\\uD800\"", "\"\\uDC00\"", "\"\\uD800\\uD800\"", "\"\\uD800x\"", "\"\\uDC00\\uD800\"",
        // invalid, overlong and surrogate UTF-8
        "\"\\xFF\"", "\"\\xC0\\xAF\"", "\"\\xE0\\x80\\xAF\"", "\"\\xED\\xA0\\x80\"", "\"\\xF4\\x90\\x80\\x80\"", "\"\\x80\"", "\"\\xC3\"",
            "\\xE9",
        // arrays and objects
        "[1,]", "[,1]", "[1,,2]", "[1", "1]", "[1}", "[", "]", "{", "}", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}",
            "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a\"::1}", "{,}", "{[]:1}", "[1;2]", "(1)", "[-]", "[1e]",
        // what is not JSON at all
        "", " ", "//a\n1", "/*a*/1", "1//a", "1/*a*/", "#1", "1;", "\\x00", "\\x0B1", "\\x0C1", "\\xA01", "\\xEF\\xBB\\xBF1", "<a/>", "=1",
    ];

    /// <summary>JSON values, every one.</summary>
    private static readonly string[] Sound =
    [
        "0", "-0", "0.0", "-0.0e-0", "1E5", "1e+5", "1.5e-3", "0e999999", "1e-999999", "123456789012345678901234567890",
            "0.00000000000000000000000000000000000001",
        "true", "false", "null", "\"\"", "\"a\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0041\\u00e9\"", "\"\\uD83D\\uDE00\"",
            "\"😀 é \u2028 \u007f\"", "\"\\u0000\"", "\"\\uFFFF\"", "\"//no comment\"",
        "[]", "[[]]", "{}", "[1]", "[ 1 , 2 ]", "\t\r\n 1 \t\r\n", "{\"a\":1}", "{\"a\":{\"b\":[null]}}", "{\"\":0}", "{\"a\":1,\"a\":2}",
            "[1,\"a\",null,true,{}]",
    ];

    /// <summary>At least 0, and 0 only where it is written so.</summary>
    private static bool IsWeight(JsonElement number) => number.GetDouble() > 0
        || (number.GetDouble() == 0 && !number.GetRawText().Split('e', 'E')[0].Any(digit => digit is >= '1' and <= '9'));

    public static TheoryData<string> PlacesToStand => [.. Places.Keys];

    [Theory]
    [MemberData(nameof(PlacesToStand))]
    public async Task Body_WithBrokenValue_Is400WithOffset(string place)
    {
        foreach (var value in Broken)
        {
            // nothing is no value, but [] is an array
            if (string.IsNullOrWhiteSpace(value) && place.Contains("[§]", StringComparison.Ordinal)) continue;
            var body = Encode(place.Replace("§", value, StringComparison.Ordinal));
            var answer = await service.PostAsync(Path, body);
            Assert.True(answer.Status == 400, $"{value} at {place}: {answer.Status} {answer.Text}");
            Assert.InRange(answer.IsProblem(400, "invalid-json").GetProperty("byte_offset").GetInt64(), 0, body.Length);
        }
    }

    /// <summary>Which values score is decided by another reader of JSON than the service's.</summary>
    [Theory]
    [MemberData(nameof(PlacesToStand))]
    public async Task Body_WithSoundValue_IsJudgedAsBatch(string place)
    {
        foreach (var value in Sound)
        {
            var answer = await service.PostAsync(Path, place.Replace("§", value, StringComparison.Ordinal));
            using var parsed = JsonDocument.Parse(value);
            var status = Places[place](parsed.RootElement) ? 200 : 422;
            Assert.True(answer.Status == status, $"{value} at {place}: {answer.Status} {answer.Text}");
            if (status == 422) answer.IsProblem(422, "invalid-batch");
        }
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("{", 1)]
    [InlineData("""{"logits":[[1,2]],"labels":[0]}x""", 31)]
    [InlineData("""{"logits":[[1,2]],"labels":[0]}{}""", 31)]
    [InlineData("""{"logits":[[1,NaN]],"labels":[0]}""", 14)]
    [InlineData("""{"logits":[[1,2]],"labels":[tru]}""", 31)]
    [InlineData("{\n \"logits\":[[1,2]],\n\"id\":nul1}", 29)]
    [InlineData("""{"logits":[[1,2.x]],"labels":[0]}""", 16)]
    [InlineData("""{"logits":[[1,2]],"id":"abc\qd"}""", 28)]
    [InlineData("""{"logits":[[1,2]],"id":"é\xFF"}""", 26)]
    [InlineData("""\xEF\xBB\xBF{"logits":[[1,2]],"labels":[0]}""", 0)]
    public async Task Body_Broken_PointsAtTheByte(string body, long offset)
    {
        var answer = await service.PostAsync(Path, Encode(body));
        Assert.Equal(offset, answer.IsProblem(400, "invalid-json").GetProperty("byte_offset").GetInt64());
    }

    /// <summary>A body that is cut off anywhere is no JSON: no part of it is scored.</summary>
    [Fact]
    public async Task Body_TruncatedAnywhere_Is400()
    {
        var body = Encode("""{"logits":[[1,2.5e0],[-3,"Infinity"]],"labels":[0,1],"mask":[true,false],"id":"é\n","outputs":["loss"]}""");
        for (var length = 0; length < body.Length; length++)
            (await service.PostAsync(Path, body[..length])).IsProblem(400, "invalid-json");
    }

    [Theory]
    [InlineData(64, 422)]
    [InlineData(65, 400)]
    [InlineData(100_000, 400)]
    public async Task Body_NestedDeeply_EndsAtDepth64(int depth, int status)
    {
        foreach (var (open, close) in new[] { ("[", "]"), ("{\"logits\":", "}") })
        {
            var body = string.Concat(Enumerable.Repeat(open, depth)) + "1" + string.Concat(Enumerable.Repeat(close, depth));
            (await service.PostAsync(Path, body)).IsProblem(status, status == 400 ? "invalid-json" : "invalid-batch");
        }
        (await service.PostAsync(Path, new string('[', depth))).IsProblem(400, "invalid-json");
    }

    /// <summary>An axis of length 1 more is the same weight or mask.</summary>
    private static JsonElement Inner(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 1 ? value[0] : value;

    private static bool IsNull(JsonElement value) => value.ValueKind == JsonValueKind.Null;

    private static bool IsNumber(JsonElement value) => value.ValueKind == JsonValueKind.Number;

    private static byte[] Encode(string text)
    {
        using var bytes = new MemoryStream();
        for (var i = 0; i < text.Length; i++)
        {
            if (text.AsSpan(i) is ['\\', 'x', var high, var low, ..] && char.IsAsciiHexDigitUpper(high) && char.IsAsciiHexDigitUpper(low))
            {
                bytes.WriteByte(Convert.FromHexString(text.AsSpan(i + 2, 2))[0]);
                i += 3;
            }
            else if (char.IsHighSurrogate(text[i])) bytes.Write(Encoding.UTF8.GetBytes(text.Substring(i++, 2)));
            else bytes.Write(Encoding.UTF8.GetBytes(text[i].ToString()));
        }
        return bytes.ToArray();
    }
}
