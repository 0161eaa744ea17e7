using LossService.Problems;

namespace LossService.Tests.Problems;

/// <summary>The nearest name is that of the edit distance by definition.</summary>
public sealed class NearestTests
{
    [Theory]
    [InlineData("label_smooting", "label_smoothing")]
    [InlineData("Label-Smoothing", "label_smoothing")]
    [InlineData("gamm", "gamma")]
    [InlineData("", null)]
    [InlineData("nothing_like_it", null)]
    public void Name_ThatIsMisspelt_IsFound(string name, string? nearest) =>
        Assert.Equal(nearest, Nearest.Find(name, ["logits", "labels", "gamma", "label_smoothing"]));

    [Fact]
    public void Name_DrawnAtRandom_HasTheFirstOfTheNearest()
    {
        var random = new Random(1);
        for (var i = 0; i < 20_000; i++)
        {
            var name = Draw();
            string[] known = [.. Enumerable.Range(0, 8).Select(_ => Draw())];
            var expected = known.Where(word => Distance(name, word) <= Math.Max(2, word.Length / 3))
                .OrderBy(word => Distance(name, word)).FirstOrDefault();
            Assert.Equal(expected, Nearest.Find(name, known));
        }

        string Draw() => new([.. Enumerable.Range(0, random.Next(13)).Select(_ => (char)('a' + random.Next(3)))]);
    }

    private static int Distance(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        var table = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                table[i, j] = i == 0 || j == 0 ? i + j : Math.Min(
                    table[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), Math.Min(table[i - 1, j], table[i, j - 1]) + 1);
            }
        }
        return table[a.Length, b.Length];
    }
}
