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
    public const string LossList = "LossList";
    private const string Kind = "LossKind";
    private const string Form = "PredictionForm";
    private const string Rule = "LabelRule";

    /// <summary>Adds the shared schemas to a document.</summary>
    public static void AddTo(OpenApiDocument document)
    {
        document.AddComponent(Kind, Words(new WireNames<LossKind>().All));
        document.AddComponent(Form, Words(Enum.GetValues<PredictionForm>().Select(form => form.Name())));
        document.AddComponent(Rule, Words(new WireNames<LabelRule>().All));
        document.AddComponent(LossSummary, AllRequired(SummaryMembers(document)));
        document.AddComponent(LossPage, Page(document));
        document.AddComponent(LossList, List(document));
    }

    private static OpenApiSchema List(OpenApiDocument document) => Object(
        new()
        {
            ["losses"] = ListOf(Ref(LossSummary, document)),
            ["limits"] = Name("Limits", Object(
                new()
                {
                    ["body_bytes"] = Type(JsonSchemaType.Integer, "The largest request body, in bytes after decompression."),
                    ["listed_errors"] = Type(JsonSchemaType.Integer, "How many errors a 422 lists at most; total_errors counts all."),
                },
                "body_bytes", "listed_errors"), document),
        },
        "losses", "limits");

    private static OpenApiSchema Page(OpenApiDocument document)
    {
        var members = SummaryMembers(document);
        members["formula_text"] = Text("The formula as plain Unicode text.");
        members["when_to_use"] = Text("When to use it and when not; its range and gradient; the symbols of the formula.");
        members["labels"] = Ref(Rule, document, "The labels that it accepts.");
        members["options_schema"] = Type(JsonSchemaType.Object, "JSON Schema (2020-12) of the options, with ranges and defaults.");
        var reference = AllRequired(new() { ["text"] = Text("Authors, title, year."), ["url"] = Text("Its address.") });
        members["references"] = ListOf(Name("Reference", reference, document));
        var equivalent = AllRequired(new() { ["framework"] = Text("The library."), ["code"] = Text("Its call.") });
        members["equivalents"] = ListOf(Name("Equivalent", equivalent, document));
        members["example"] = Type(JsonSchemaType.Object, "A valid request body.");
        return AllRequired(members);
    }

    private static Dictionary<string, IOpenApiSchema> SummaryMembers(OpenApiDocument document) => new()
    {
        ["name"] = Text("The name in routes."),
        ["title"] = Text("The display name."),
        ["summary"] = Text("The definition, in one sentence."),
        ["formula"] = Text("The loss of one sample, in LaTeX."),
        ["kind"] = Ref(Kind, document, "What one sample is: a row of classes, or one element."),
        ["units"] = ListOf(Type(JsonSchemaType.String), "The values of unit that it takes; none where it is no amount of information."),
        ["predictions"] = ListOf(Ref(Form, document), "The forms of predictions that it accepts, the most usual first."),
        ["options"] = ListOf(Type(JsonSchemaType.String), "The names of its options."),
    };

    private static OpenApiSchema Text(string description) => Type(JsonSchemaType.String, description);

    private static OpenApiSchema AllRequired(Dictionary<string, IOpenApiSchema> members) => Object(members, [.. members.Keys]);
}
