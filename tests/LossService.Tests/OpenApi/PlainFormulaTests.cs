using LossService.Core.Losses;
using LossService.OpenApi;
using LossService.Tests.Shared;

namespace LossService.Tests.OpenApi;

/// <summary>LaTeX read aloud.</summary>
public sealed class PlainFormulaTests
{
    [Theory]
    [InlineData(@"\ell = -\sum_c w_c\, t_c \log p_c", "ℓ = −Σ_c w_c t_c log p_c")]
    [InlineData(@"\left(\log \sum_c e^{z_c}\right)^2", "(log Σ_c e^(z_c))²")]
    [InlineData(@"\frac{1 - s^q}{q}, \qquad s = \sum_c t_c\, p_c", "(1 − s^q)/q,\u2003s = Σ_c t_c p_c")]
    [InlineData(@"\tfrac12 \sum_c |t_c - p_c|", "1/2 Σ_c |t_c − p_c|")]
    [InlineData(@"\max(0, m - z_y + \max_{c \ne y} z_c)^p", "max(0, m − z_y + max_{c ≠ y} z_c)^p")]
    [InlineData(@"\beta\, \mathrm{KL}(t \,\|\, m)", "β KL(t ‖ m)")]
    [InlineData(@"(1 - p_t)^{\gamma}\log p", "(1 − p_t)^γ log p")]
    [InlineData(@"2\log p", "2 log p")]
    [InlineData(@"\sum_c t_c \log \frac{t_c}{p_c}", "Σ_c t_c log (t_c/p_c)")]
    public void Formula_Known_ReadsAsTyped(string latex, string plain) => Assert.Equal(plain, PlainFormula.Convert(latex));

    [Theory, MemberData(nameof(LossTheories.Every), MemberType = typeof(LossTheories))]
    public void Formula_OfEveryLoss_LeavesNoLatex(string loss)
    {
        var plain = PlainFormula.Convert(LossCatalogue.Find(loss)!.Page.Formula);
        Assert.DoesNotContain('\\', plain);
        Assert.StartsWith("ℓ", plain, StringComparison.Ordinal);
    }
}
