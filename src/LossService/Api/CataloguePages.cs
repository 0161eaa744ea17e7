using System.Collections.Frozen;
using System.Net.Mime;
using System.Text.Json;
using System.Text.Json.Nodes;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Http;
using LossService.OpenApi;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Api;

/// <summary>
/// The catalogue as JSON: all losses in short, each in full. A page is made once, at its first request: all at once take some hundred
/// milliseconds, for which every thread that asks for one would wait.
/// </summary>
internal static class CataloguePages
{
    private static readonly FrozenDictionary<string, Lazy<byte[]>> Pages =
        LossCatalogue.All.ToFrozenDictionary(loss => loss.Name, loss => new Lazy<byte[]>(() => Utf8(Full(loss))));

    /// <summary>Makes the response to <c>GET /v1/losses</c>, the same for every request.</summary>
    public static IResult List(Limits limits) => Json(Utf8(new JsonObject
    {
        ["losses"] = new JsonArray([.. LossCatalogue.All.Select(Short)]),
        ["limits"] = new JsonObject { ["body_bytes"] = limits.BodyBytes, ["listed_errors"] = limits.ListedErrors },
    }));

    /// <summary><c>GET /v1/losses/{loss}</c>.</summary>
    public static IResult Show(Loss loss) => Json(Pages[loss.Name].Value);

    private static JsonObject Full(Loss loss)
    {
        var page = Short(loss);
        page["formula_text"] = PlainFormula.Convert(loss.Page.Formula);
        page["when_to_use"] = Prose.Unwrap(loss.Page.WhenToUse);
        page["labels"] = WireName.Of(loss.Labels);
        page["options_schema"] = OptionsSchema.ToJson(OptionsSchema.Create(loss));
        page["references"] = new JsonArray([.. loss.Page.References.Select(reference =>
            new JsonObject { ["text"] = reference.Text, ["url"] = reference.Url })]);
        page["equivalents"] = new JsonArray([.. loss.Page.Equivalents.Select(other =>
            new JsonObject { ["framework"] = other.Framework, ["code"] = other.Code })]);
        page["example"] = JsonNode.Parse(loss.Page.Example);
        return page;
    }

    private static JsonObject Short(Loss loss) => new()
    {
        ["name"] = loss.Name,
        ["title"] = loss.Page.Title,
        ["summary"] = loss.Page.Summary,
        ["formula"] = loss.Page.Formula,
        ["kind"] = WireName.Of(loss.Kind),
        ["units"] = new JsonArray([.. loss.IsInformation ? new WireNames<Unit>().All.Select(unit => JsonValue.Create(unit)) : []]),
        ["predictions"] = new JsonArray([.. loss.Accepts.Select(form => JsonValue.Create(form.Name()))]),
        ["options"] = new JsonArray([.. loss.Options.Select(option => JsonValue.Create(option.Name))]),
    };

    private static byte[] Utf8(JsonNode page) => JsonSerializer.SerializeToUtf8Bytes(page, Problem.Json);

    private static IResult Json(byte[] page) => Results.Bytes(page, MediaTypeNames.Application.Json);
}
