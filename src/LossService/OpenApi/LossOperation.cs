using System.Net.Mime;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LossService.Core.Losses;
using Microsoft.OpenApi;

namespace LossService.OpenApi;

/// <summary>The path of a loss in the document: its page, its request, and the response to its example.</summary>
internal static class LossOperation
{
    /// <summary>The schema of a loss's request under <c>components</c>: <c>CrossEntropyRequest</c>.</summary>
    public static string RequestName(Loss loss) => Schemas.TypeName(loss.Name) + "Request";

    /// <summary>The tag of a kind of loss.</summary>
    public static string Tag(LossKind kind) => $"{kind} losses";

    /// <summary>Fills in the operation of <paramref name="loss"/>.</summary>
    public static async Task DescribeAsync(
        OpenApiOperation operation, Loss loss, string route, OpenApiDocument document, Rehearsal rehearsal)
    {
        operation.OperationId = JsonNamingPolicy.CamelCase.ConvertName(Schemas.TypeName(loss.Name));
        document.AddComponent(RequestName(loss), RequestSchema.Create(loss, document));
        operation.Summary = Prose.Unwrap(loss.Page.Summary).TrimEnd('.');
        operation.Description = Describe(loss);
        operation.Tags = new HashSet<OpenApiTagReference> { new(Tag(loss.Kind), document) };
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = Json(Schemas.Ref(RequestName(loss), document), JsonNode.Parse(loss.Page.Example)!),
        };
        operation.Responses = new OpenApiResponses
        {
            ["200"] = new OpenApiResponse
            {
                Description = "The scores. The example is the response to the example request.",
                Content = Json(
                    Schemas.Ref(Schemas.Scores, document),
                    await rehearsal.AnswerAsync("POST", route, request => Rehearsal.Post(request, loss.Page.Example))),
            },
        };
        ProblemResponses.AddTo(operation.Responses, ProblemResponses.OfScoring, document);
    }

    /// <summary>Content that is JSON, of a schema, with an example.</summary>
    public static Dictionary<string, IOpenApiMediaType> Json(IOpenApiSchema schema, JsonNode example) =>
        new() { [MediaTypeNames.Application.Json] = new OpenApiMediaType { Schema = schema, Example = example } };

    private static string Describe(Loss loss)
    {
        var page = loss.Page;
        var formulas = PlainFormula.Convert(page.Formula).Replace($",{PlainFormula.Quad}", "\n", StringComparison.Ordinal);
        var text = new StringBuilder($"**{page.Title}**\n\n```\n{formulas}\n```\n\n{Prose.Unwrap(page.WhenToUse)}\n\n");
        text.Append("| Option | Values | Meaning |\n|---|---|---|\n");
        foreach (var option in loss.Options)
            text.Append($"| `{option.Name}` | {OptionWords.Describe(option)} | {Cell(option.Description)} |\n");
        if (page.Equivalents.Count > 0) text.Append("\n| Library | The same loss there |\n|---|---|\n");
        foreach (var other in page.Equivalents) text.Append($"| {other.Framework} | `{Cell(other.Code)}` |\n");
        text.Append('\n');
        foreach (var reference in page.References) text.Append($"- [{reference.Text}]({reference.Url})\n");
        return text.ToString().TrimEnd();
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
