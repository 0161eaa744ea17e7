using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Requests;
using Microsoft.OpenApi;
using static LossService.OpenApi.Schemas;

namespace LossService.OpenApi;

/// <summary>The schemas of the catalogue's own answers.</summary>
internal static class CatalogueSchemas
{
    /// <summary><c>GET /v1/losses</c>: all entries in short, and the limits.</summary>
    public static OpenApiSchema List(OpenApiDocument document) => Object(
        new()
        {
            ["losses"] = ListOf(Ref(LossSummary, document)),
            ["limits"] = Object(
                new()
                {
                    ["body_bytes"] = Type(JsonSchemaType.Integer, "The largest request body."),
                    ["listed_errors"] = Type(JsonSchemaType.Integer, "The errors that a 422 lists; it always says how many there are."),
                },
                "body_bytes", "listed_errors"),
        },
        "losses", "limits");

    /// <summary>An entry in short.</summary>
    public static OpenApiSchema Summary() => AllRequired(SummaryMembers());

    /// <summary>An entry in full.</summary>
    public static OpenApiSchema Page()
    {
        var members = SummaryMembers();
        members["formula_text"] = Text("The same in plain characters.");
        members["when_to_use"] = Text("When to use it, and what to expect of its gradient.");
        members["labels"] = Described(Words(new WireNames<LabelRule>().All), "What it takes for labels.");
        members["options_schema"] = Type(JsonSchemaType.Object, "JSON Schema (2020-12) of the options, with ranges and defaults.");
        members["references"] = ListOf(AllRequired(new() { ["text"] = Text("Authors, title, year."), ["url"] = Text("Where it can be read.") }));
        members["equivalents"] = ListOf(AllRequired(new() { ["framework"] = Text("The library."), ["code"] = Text("The same loss there.") }));
        members["example"] = Type(JsonSchemaType.Object, "A request that scores.");
        return AllRequired(members);
    }

    private static Dictionary<string, IOpenApiSchema> SummaryMembers() => new()
    {
        ["name"] = Text("The name on the wire."),
        ["title"] = Text("The name for people."),
        ["summary"] = Text("One sentence."),
        ["formula"] = Text("A sample's value, in LaTeX."),
        ["kind"] = Described(Words(new WireNames<LossKind>().All), "What a sample is: a row of classes, or one element."),
        ["predictions"] = ListOf(Words(Enum.GetValues<PredictionForm>().Select(form => form.Name())), "The forms of predictions it takes, the usual first."),
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
