using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Requests;
using Microsoft.OpenApi;
using static LossService.OpenApi.Schemas;

namespace LossService.OpenApi;

/// <summary>The schemas of the catalogue's responses.</summary>
internal static class CatalogueSchemas
{
    public const string LossSummary = "LossSummary";
    public const string LossPage = "LossPage";

    /// <summary>Adds the shared schemas to a document.</summary>
    public static void AddTo(OpenApiDocument document)
    {
        document.AddComponent(LossSummary, Summary());
        document.AddComponent(LossPage, Page());
    }

    /// <summary><c>GET /v1/losses</c>: a summary of every loss, and the limits.</summary>
    public static OpenApiSchema List(OpenApiDocument document) => Object(
        new()
        {
            ["losses"] = ListOf(Ref(LossSummary, document)),
            ["limits"] = Object(
                new()
                {
                    ["body_bytes"] = Type(JsonSchemaType.Integer, "The largest request body, in bytes after decompression."),
                    ["listed_errors"] = Type(JsonSchemaType.Integer, "How many errors a 422 lists at most; total_errors counts all."),
                },
                "body_bytes", "listed_errors"),
        },
        "losses", "limits");

    /// <summary>The summary of a loss.</summary>
    private static OpenApiSchema Summary() => AllRequired(SummaryMembers());

    /// <summary>The page of a loss.</summary>
    private static OpenApiSchema Page()
    {
        var members = SummaryMembers();
        members["formula_text"] = Text("The formula as plain Unicode text.");
        members["when_to_use"] = Text("When to use it and when not; its range and gradient; the symbols of the formula.");
        members["labels"] = Described(Words(new WireNames<LabelRule>().All), "The labels that it accepts.");
        members["options_schema"] = Type(JsonSchemaType.Object, "JSON Schema (2020-12) of the options, with ranges and defaults.");
        members["references"] = ListOf(AllRequired(new() { ["text"] = Text("Authors, title, year."), ["url"] = Text("Its address.") }));
        members["equivalents"] = ListOf(AllRequired(new() { ["framework"] = Text("The library."), ["code"] = Text("Its call.") }));
        members["example"] = Type(JsonSchemaType.Object, "A valid request body.");
        return AllRequired(members);
    }

    private static Dictionary<string, IOpenApiSchema> SummaryMembers() => new()
    {
        ["name"] = Text("The name in routes."),
        ["title"] = Text("The display name."),
        ["summary"] = Text("The definition, in one sentence."),
        ["formula"] = Text("The loss of one sample, in LaTeX."),
        ["kind"] = Described(Words(new WireNames<LossKind>().All), "What one sample is: a row of classes, or one element."),
        ["predictions"] = ListOf(
            Words(Enum.GetValues<PredictionForm>().Select(form => form.Name())),
            "The forms of predictions that it accepts, the most usual first."),
        ["options"] = ListOf(Type(JsonSchemaType.String), "The names of its options."),
    };

    private static OpenApiSchema Text(string description) => Type(JsonSchemaType.String, description);

    private static OpenApiSchema Described(OpenApiSchema schema, string description)
    {
        schema.Description = description;
        return schema;
    }

    private static OpenApiSchema AllRequired(Dictionary<string, IOpenApiSchema> members) => Object(members, [.. members.Keys]);
}
