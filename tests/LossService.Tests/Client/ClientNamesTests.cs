using System.Reflection;
using LossService.Client;
using LossService.Core.Losses;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Requests;

namespace LossService.Tests.Client;

/// <summary>
/// The client shares no code with the service, and has a name for everything that the service has. Those of the losses are generated:
/// <see cref="Docs.ClientReadmeTests"/>.
/// </summary>
public sealed class ClientNamesTests
{
    [Fact]
    public void Options_AreThoseOfTheCatalogueAndTheHeader() => AssertSame(
        LossCatalogue.All.SelectMany(loss => loss.Options).Select(option => option.Name).Distinct()
            .Concat([Fields.Reduction, Fields.MeanOver, Fields.Divisor, Fields.Unit, Fields.DType]),
        PropertiesOf<LossOptions>());

    [Fact]
    public void Tensors_AreThoseOfARequest() =>
        AssertSame([.. Fields.Tensors, Fields.Outputs, Fields.Id, "options"], PropertiesOf<LossBatch>());

    [Fact]
    public void Outputs_AreThoseOfTheCatalogue()
    {
        var outputs = OutputCatalogue.All.Select(output => output.Name).ToArray();
        AssertSame(outputs, NamesOf<LossOutputs>().Except(["default"]));
        AssertSame(outputs, PropertiesOf<LossScores>().Except(["totals", "id", "notices"]));
    }

    [Fact]
    public void Words_AreThoseOfTheService()
    {
        AssertSame(Fields.Reductions.All, NamesOf<LossReduction>());
        AssertSame(Fields.MeanOvers.All, NamesOf<LossMeanOver>());
        AssertSame(Fields.Units.All, NamesOf<LossUnit>());
        AssertSame(Enum.GetValues<DType>().Select(dtype => dtype.Name()), NamesOf<LossDType>().Select(name => name.Replace("_", "")));
    }

    private static string[] NamesOf<T>() where T : struct, Enum => [.. Enum.GetValues<T>().Select(WireName.Of)];

    private static IEnumerable<string> PropertiesOf<T>() => typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.GetIndexParameters().Length == 0)
        .Select(property => property.Name == nameof(LossOptions.DType) ? Fields.DType
            : System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name));

    private static void AssertSame(IEnumerable<string> service, IEnumerable<string> client) =>
        Assert.Equal(service.Order(StringComparer.Ordinal), client.Order(StringComparer.Ordinal));
}
