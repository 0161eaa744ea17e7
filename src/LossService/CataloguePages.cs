using System.Text.Json.Nodes;
using LossService.Core;
using LossService.Problems;

namespace LossService;

/// <summary>The catalogue as JSON: all entries in short, one in full.</summary>
internal static class CataloguePages
{
    private static readonly JsonArray Listed = [.. LossCatalogue.All.Select(Short)];

    /// <summary><c>GET /v1/losses</c>.</summary>
    public static IResult All(Microsoft.Extensions.Options.IOptions<Limits> limits) => Json(new JsonObject
    {
        ["losses"] = Listed.DeepClone(),
        ["limits"] = new JsonObject { ["body_bytes"] = limits.Value.BodyBytes, ["listed_errors"] = limits.Value.ListedErrors },
    });

    /// <summary><c>GET /v1/losses/{loss}</c>.</summary>
    public static IResult One(Loss loss)
    {
        var page = Short(loss);
        page["when_to_use"] = loss.Page.WhenToUse;
        page["labels"] = WireName.Of(loss.Labels);
        page["options_schema"] = OptionsSchema.Of(loss);
        page["references"] = new JsonArray([.. loss.Page.References.Select(reference => new JsonObject { ["text"] = reference.Text, ["url"] = reference.Url })]);
        page["equivalents"] = new JsonArray([.. loss.Page.Equivalents.Select(other => new JsonObject { ["framework"] = other.Framework, ["code"] = other.Code })]);
        page["example"] = JsonNode.Parse(loss.Page.Example);
        return Json(page);
    }

    private static JsonObject Short(Loss loss) => new()
    {
        ["name"] = loss.Name,
        ["title"] = loss.Page.Title,
        ["summary"] = loss.Page.Summary,
        ["formula"] = loss.Page.Formula,
        ["kind"] = WireName.Of(loss.Kind),
        ["predictions"] = new JsonArray([.. loss.Accepts.Select(form => JsonValue.Create(Members.Of(form)))]),
        ["options"] = new JsonArray([.. loss.Options.Select(option => JsonValue.Create(option.Name))]),
    };

    private static IResult Json(JsonNode node) => Results.Json(node, Problem.Json);
}
