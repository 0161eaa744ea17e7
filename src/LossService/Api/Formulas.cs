using System.Text.Json;
using LossService.Core.Losses;
using LossService.OpenApi;

namespace LossService.Api;

/// <summary>The formulas of the losses as MathML, typeset from their LaTeX by <c>tests/clients/typeset.mjs</c>.</summary>
internal static class Formulas
{
    private static readonly Dictionary<string, Typeset> ByLoss =
        JsonSerializer.Deserialize<Dictionary<string, Typeset>>(HtmlPage.Asset("formulas.json"), JsonSerializerOptions.Web)!;

    /// <summary>The formula of a loss as HTML; plain text where its LaTeX is not typeset yet.</summary>
    public static string Write(Loss loss) =>
        ByLoss.TryGetValue(loss.Name, out var formula) && formula.Latex == loss.Page.Formula
            ? formula.Mathml : HtmlPage.Code(PlainFormula.Convert(loss.Page.Formula));

    private sealed record Typeset(string Latex, string Mathml);
}
