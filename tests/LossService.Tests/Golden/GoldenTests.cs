using System.Text.Json;
using LossService.Core.Losses;
using LossService.Tests.Support;

namespace LossService.Tests.Golden;

/// <summary>Every case of every golden file, through HTTP: the answers are those of the definitions, but for the last bits.</summary>
public sealed class GoldenTests(TestService service, ITestOutputHelper output)
{
    public static TheoryData<string> Losses => [.. GoldenCase.Losses];

    [Theory]
    [MemberData(nameof(Losses))]
    public async Task Loss_EveryGoldenCase_AnswersByDefinition(string loss)
    {
        List<string> mismatches = [];
        SortedDictionary<string, ulong> farthest = new(StringComparer.Ordinal);
        foreach (var golden in GoldenCase.Read(loss))
        {
            var answer = await service.PostAsync($"/v1/losses/{loss}", golden.Body);
            if (answer.Status != 200)
            {
                mismatches.Add($"{golden.Name}: {answer.Status} {answer.Text}");
                continue;
            }
            using var actual = JsonDocument.Parse(answer.Body);
            var comparison = new Comparison(golden.IsFloat64, golden.Cancels);
            comparison.Compare(golden.Expected, actual.RootElement);
            mismatches.AddRange(comparison.Mismatches.Select(mismatch => $"{golden.Name}: {mismatch}"));
            foreach (var (name, distance) in comparison.Farthest) farthest[name] = ulong.Max(farthest.GetValueOrDefault(name), distance);
        }

        output.WriteLine(
            $"farthest from the exact result, in representable numbers: "
            + $"{string.Join(", ", farthest.Select(pair => $"{pair.Key} {pair.Value}"))}");
        Assert.True(mismatches.Count == 0, $"{mismatches.Count} mismatches:\n{string.Join('\n', mismatches.Take(20))}");
    }

    /// <summary>An escape in a member's name sends the body to the exact reader, whose tensors are the fast one's, bit for bit.</summary>
    [Theory]
    [MemberData(nameof(Losses))]
    public async Task Loss_EveryGoldenCase_ReadsTheSameByBothReaders(string loss)
    {
        foreach (var golden in GoldenCase.Read(loss))
        {
            var fast = await service.PostAsync($"/v1/losses/{loss}", $$"""{"id":"1",{{golden.Body[1..]}}""");
            var exact = await service.PostAsync($"/v1/losses/{loss}", $$"""{"\u0069d":"1",{{golden.Body[1..]}}""");
            Assert.True(fast.Text == exact.Text, $"{golden.Name}:\n{fast.Text}\n{exact.Text}");
        }
    }

    [Fact]
    public void Catalogue_EveryLoss_HasGoldenCases()
    {
        Assert.Equal(LossCatalogue.All.Select(loss => loss.Name), GoldenCase.Losses);
        Assert.All(GoldenCase.Losses, loss => Assert.True(GoldenCase.Read(loss).Count >= 50, $"{loss} has too few golden cases"));
    }
}
