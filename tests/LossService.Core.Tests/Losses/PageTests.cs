using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Losses;

/// <summary>What a loss says of itself is there, and true.</summary>
public sealed partial class PageTests
{
    private static readonly string[] Forms = ["logits", "probabilities", "log_probabilities"];

    private static readonly string[] Shared =
        ["labels", "sample_weight", "mask", "outputs", "reduction", "mean_over", "divisor", "dtype", "unit", "id"];

    [Fact]
    public void Catalogue_Names_AreThoseOfTheClassesInOrder()
    {
        var names = LossCatalogue.All.Select(loss => loss.Name).ToArray();
        Assert.Distinct(names);
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
        Assert.Distinct(LossCatalogue.All.Select(loss => loss.Page.Title));
        Assert.All(LossCatalogue.All, loss =>
        {
            Assert.Matches(SnakeCase(), loss.Name);
            Assert.Equal(JsonNamingPolicy.SnakeCaseLower.ConvertName(loss.GetType().Name), loss.Name);
            Assert.Same(loss, LossCatalogue.Find(loss.Name));
        });
    }

    /// <summary>A class that derives from a loss's base and is left out would be a loss that nobody can reach.</summary>
    [Fact]
    public void Catalogue_EveryLossOfTheAssembly_IsInIt() => Assert.Equal(
        typeof(Loss).Assembly.GetTypes().Where(type => type.IsAssignableTo(typeof(Loss)) && !type.IsAbstract).ToHashSet(),
        LossCatalogue.All.Select(loss => loss.GetType()).ToHashSet());

    [Theory]
    [MemberData(nameof(LossTheories.Every), MemberType = typeof(LossTheories))]
    public void Page_EveryField_IsFilled(string name)
    {
        var page = LossCatalogue.Find(name)!.Page;
        Assert.All([page.Title, page.Summary, page.Formula, page.WhenToUse], text => Assert.False(string.IsNullOrWhiteSpace(text)));
        Assert.Contains(@"\ell", page.Formula, StringComparison.Ordinal);
        Assert.Equal(page.Formula.Count(c => c == '{'), page.Formula.Count(c => c == '}'));
        Assert.NotEmpty(page.References);
        Assert.All(page.References, reference =>
        {
            Assert.Matches(@"\b(19|20)\d\d\b", reference.Text);
            Assert.True(Uri.TryCreate(reference.Url, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps);
        });
        Assert.NotEmpty(page.Equivalents);
        Assert.All(page.Equivalents, equivalent => Assert.DoesNotContain('\n', equivalent.Code));
    }

    [Theory]
    [MemberData(nameof(LossTheories.Every), MemberType = typeof(LossTheories))]
    public void Options_EachOne_DescribesItselfAndAllowsItsDefault(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        Assert.Distinct(loss.Options.Select(option => option.Name));
        Assert.All(loss.Options, option =>
        {
            Assert.Matches(SnakeCase(), option.Name);
            Assert.EndsWith(".", option.Description, StringComparison.Ordinal);
            if (option.DefaultValue is double number) Assert.True(option.Allows(number));
            if (option.DefaultValue is int integer) Assert.True(option.Allows(integer));
            if (option.Form == OptionForm.Choice) Assert.Contains(option.DefaultValue, option.Choices);
            if (option.TakesNone) Assert.NotNull(option.DefaultValue);
            if (option.OnlyWith is { } form) Assert.Contains(form, loss.Accepts);
        });
    }

    /// <summary>An option that could not mean anything to a loss is not in its list, so that posting it is refused.</summary>
    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public void Options_WithoutMeaning_AreNotTaken(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        var options = loss.Options.Select(option => option.Name).ToHashSet();
        var isSoft = loss.Labels is LabelRule.Distribution or LabelRule.Probability;
        Assert.Equal(isSoft, options.Contains("label_smoothing"));
        Assert.Equal(loss.Labels != LabelRule.None, options.Contains("ignore_index"));
        Assert.Equal(loss.Labels is not (LabelRule.None or LabelRule.Relevance), options.Contains("class_weight"));
        Assert.Equal(options.Contains("temperature"), options.Contains("logit_bias"));
        Assert.Equal(isSoft && loss.Kind == LossKind.Categorical, options.Contains("smoothing_over"));
        Assert.Equal(isSoft, options.Contains("label_temperature"));
        Assert.Equal(isSoft, options.Contains("temperature_squared"));
        Assert.Equal(loss.Accepts.Contains(PredictionForm.Probabilities), options.Contains("temperature"));
        Assert.Equal(loss.Accepts.Contains(PredictionForm.Probabilities), options.Contains("clip"));
    }

    [Theory]
    [MemberData(nameof(LossTheories.Every), MemberType = typeof(LossTheories))]
    public void Example_AsPosted_ScoresToAFiniteLoss(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        using var json = JsonDocument.Parse(loss.Page.Example);
        var members = json.RootElement.EnumerateObject().Select(member => member.Name).ToArray();
        string[] own = [.. loss.Accepts.Select(form => Forms[(int)form]), .. Shared, .. loss.Options.Select(option => option.Name)];
        Assert.All(members, member => Assert.Contains(member, own));
        Assert.Equal(loss.Labels != LabelRule.None, members.Contains("labels"));

        var scored = Read(loss, json.RootElement).Score();

        Assert.True(scored.Loss > 0 && double.IsFinite(scored.Loss.Value));
        Assert.Contains(scored.Gradient, derivative => derivative != 0);
    }

    /// <summary>The lesson that both pages tell, on the example that both pages give.</summary>
    [Fact]
    public void Examples_SameConfidentMistake_BrierSaturatesAndCrossEntropyDoesNot()
    {
        var (entropy, brier) = (LossCatalogue.Find("binary_cross_entropy")!, LossCatalogue.Find("binary_brier")!);
        Assert.Equal(entropy.Page.Example, brier.Page.Example);
        using var json = JsonDocument.Parse(brier.Page.Example);
        var (unsaturated, saturated) = (Read(entropy, json.RootElement).Score(), Read(brier, json.RootElement).Score());

        Assert.Equal(20, unsaturated.Losses[2], 1e-8);
        Assert.Equal(-1, unsaturated.Gradient[2], 1e-8);
        Assert.Equal(1, saturated.Losses[2], 1e-8);
        Assert.Equal(-4.1e-9, saturated.Gradient[2], 0.05e-9);
        Assert.Contains("−4.1e-9", entropy.Page.WhenToUse, StringComparison.Ordinal);
        Assert.Contains("−4.1e-9", brier.Page.WhenToUse, StringComparison.Ordinal);
    }

    private static Draft Read(Loss loss, JsonElement body)
    {
        var form = loss.Accepts.Single(form => body.TryGetProperty(Forms[(int)form], out _));
        var predictions = body.GetProperty(Forms[(int)form]);
        var isFlat = predictions[0].ValueKind == JsonValueKind.Number;
        var hasLabels = body.TryGetProperty("labels", out var labels);
        return new()
        {
            Loss = loss,
            Form = form,
            Rows = isFlat ? 1 : predictions.GetArrayLength(),
            Classes = isFlat ? predictions.GetArrayLength() : predictions[0].GetArrayLength(),
            Predictions = Numbers(predictions),
            LabelForm = hasLabels && loss.Kind != LossKind.Binary && labels[0].ValueKind == JsonValueKind.Number
                ? LabelForm.Indices : LabelForm.Dense,
            Labels = hasLabels ? Numbers(labels) : null,
            Reduction = body.TryGetProperty("reduction", out var reduction) && reduction.ValueEquals("sum")
                ? Reduction.Sum : Reduction.Mean,
            Options = loss.Options.Where(option => body.TryGetProperty(option.Name, out _))
                .ToImmutableDictionary(option => option, option => Value(option.Form, body.GetProperty(option.Name))),
        };
    }

    private static object? Value(OptionForm form, JsonElement value) => form switch
    {
        OptionForm.Choice => value.GetString(),
        OptionForm.Integer => value.GetInt32(),
        OptionForm.Number => value.GetDouble(),
        _ => Numbers(value),
    };

    private static double[] Numbers(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().SelectMany(Numbers)] : [value.GetDouble()];

    [GeneratedRegex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]
    private static partial Regex SnakeCase();
}
