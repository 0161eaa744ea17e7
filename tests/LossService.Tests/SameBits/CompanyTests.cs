using System.Text.Json;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Tests.Shared;
using LossService.Tests.Support;

namespace LossService.Tests.SameBits;

/// <summary>What a row is told does not depend on its company: alone, in a batch, in another order, or on another thread.</summary>
public sealed class CompanyTests(TestService service)
{
    private static readonly string[] OfRows =
        ["losses", "gradient", "hessian", "probabilities", "log_probabilities", "entropy", "predictions"];

    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public async Task Rows_AloneOrPermuted_AnswerAsInTheBatch(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        foreach (var (dtype, classes) in new[] { (DType.Float32, 7), (DType.Float64, 16), (DType.Float32, 65) })
        {
            foreach (var form in loss.Accepts)
            {
                var space = new BatchSpace
                {
                    Forms = [form],
                    DTypes = [dtype],
                    Scales = [4, 40],
                    Reductions = [Reduction.Sum],
                    OptionChance = classes == 7 ? 0 : 1,
                    WeightChance = 1,
                };
                var batch = new WrittenBatch(BatchGenerator.Draw(loss, space.OfSize(11, classes), seed: classes));
                var whole = await ScoreAsync(batch, batch.Body);
                for (var row = 0; row < 11; row++)
                    AssertSame(batch, "alone", row, whole.Rows[row], (await ScoreAsync(batch, batch.Take([row]))).Rows[0]);

                // 3 and 11 have no factor in common, so this is an order of all rows
                int[] order = [.. Enumerable.Range(0, 11).Select(i => (3 * i + 5) % 11)];
                var permuted = await ScoreAsync(batch, batch.Take(order));
                for (var i = 0; i < order.Length; i++) AssertSame(batch, "permuted", order[i], whole.Rows[order[i]], permuted.Rows[i]);
                Assert.Equal(whole.Loss, permuted.Loss);
                Assert.Equal(whole.Totals, permuted.Totals);
            }
        }
    }

    /// <remarks>
    /// 2^18 elements are worth a second thread where a core is idle (<c>IdleCores</c>); the parts are below that, so never split.
    /// </remarks>
    [Theory]
    [MemberData(nameof(LossTheories.All), MemberType = typeof(LossTheories))]
    public async Task Rows_OfABatchWorthManyThreads_AnswerAsInSmallBatches(string name)
    {
        const int Rows = 516, Classes = 512, Part = 43;
        var loss = LossCatalogue.Find(name)!;
        var space = new BatchSpace
        {
            Forms = [PredictionForm.Logits],
            DTypes = [DType.Float32],
            Scales = [4],
            HasSoftLabels = false,
            Reductions = [Reduction.Sum],
            OptionChance = 0,
            MaskChance = 0,
        };
        var batch = new WrittenBatch(BatchGenerator.Draw(loss, space.OfSize(Rows, Classes), seed: Rows), "loss", "losses", "gradient");
        var whole = await ScoreAsync(batch, batch.Body);
        for (var first = 0; first < Rows; first += Part)
        {
            var part = await ScoreAsync(batch, batch.Take(Enumerable.Range(first, Part)));
            for (var i = 0; i < Part; i++)
                AssertSame(batch, "in a small batch", first + i, whole.Rows[first + i], part.Rows[i]);
        }
        var turned = await ScoreAsync(batch, batch.Take(Enumerable.Range(0, Rows).Reverse()));
        Assert.Equal(whole.Loss, turned.Loss);
        Assert.Equal(whole.Totals, turned.Totals);
    }

    private static void AssertSame(WrittenBatch batch, string company, int row, string expected, string actual)
    {
        if (expected == actual) return;
        var at = expected.AsSpan().CommonPrefixLength(actual);
        Assert.Fail($"""
            {batch.Draft}: row {row} {company} differs from the batch:
              in the batch: {Around(expected)}
              {company}: {Around(actual)}
            """);

        string Around(string text) => text[Math.Max(0, at - 60)..Math.Min(text.Length, at + 60)];
    }

    /// <summary>The texts of an answer: one for each row, of everything that has rows.</summary>
    private async Task<(string Loss, string Totals, string[] Rows)> ScoreAsync(WrittenBatch batch, string body)
    {
        var answer = await service.PostAsync(batch.Path, body);
        Assert.True(answer.Status == 200, $"{batch.Draft}: {answer.Text}");
        using var json = JsonDocument.Parse(answer.Body);
        var root = json.RootElement;
        var outputs = OfRows.Where(output => root.TryGetProperty(output, out _)).ToArray();
        var columns = outputs.Select(output => Texts(root.GetProperty(output))).ToArray();
        var rows = Enumerable.Range(0, columns[0].Length)
            .Select(row => string.Join(' ', outputs.Select((output, i) => $"{output} {columns[i][row]}")));
        return (root.GetProperty("loss").GetRawText(), root.GetProperty("totals").GetRawText(), [.. rows]);

        static string[] Texts(JsonElement list) => [.. list.EnumerateArray().Select(element => element.GetRawText())];
    }
}
