using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LossService.Problems;

namespace LossService.Api;

/// <summary>The example of a loss as a program in several languages.</summary>
internal static class LossExample
{
    /// <summary>A command for a shell.</summary>
    public static string Curl(string route, string example) => $"""
        curl {route} -H 'Content-Type: application/json' -d '{example.Trim().Replace("'", "'\\''", StringComparison.Ordinal)}'
        """;

    /// <summary>Python with requests.</summary>
    public static string Python(string route, string example) => $"""
        import requests

        batch = {MembersOf(JsonNode.Parse(example)!.AsObject())}
        answer = requests.post("{route}", json=batch)
        print(answer.json())
        """;

    /// <summary>A C# program.</summary>
    public static string CSharp(string route, string example) => $$""""
        using System.Text;

        using var http = new HttpClient();
        using var batch = new StringContent("""
            {{example.Trim().ReplaceLineEndings("\n    ")}}
            """, Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("{{route}}", batch);
        Console.WriteLine(await answer.Content.ReadAsStringAsync());
        """";

    /// <summary>A dictionary of Python, a line for each member.</summary>
    private static string MembersOf(JsonObject members) =>
        $"{{\n{string.Concat(members.Select(member => $"    \"{member.Key}\": {Literal(member.Value)},\n"))}}}";

    /// <summary>A JSON value as Python writes it.</summary>
    private static string Literal(JsonNode? value) => value switch
    {
        JsonObject members => $"{{{string.Join(", ", members.Select(member => $"\"{member.Key}\": {Literal(member.Value)}"))}}}",
        JsonArray items => $"[{string.Join(", ", items.Select(Literal))}]",
        null => "None",
        _ when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False =>
            CultureInfo.InvariantCulture.TextInfo.ToTitleCase(value.ToJsonString()),
        _ => value.ToJsonString(Problem.Json),
    };
}
