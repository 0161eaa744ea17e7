using System.Text;
using System.Text.Json;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Tests.Shared;
using LossService.Tests.Support;

namespace LossService.Tests.SameBits;

/// <summary>The same batch gives the same bytes whatever vectors the processor has: whole answers of whole processes are
/// compared.</summary>
public sealed class InstructionSetTests
{
    /// <summary>The address of the service on a processor of another kind.</summary>
    private const string Elsewhere = "LOSS_SERVICE_ELSEWHERE";

    private static readonly string[] Settings = ["", "DOTNET_EnableAVX512=0", "DOTNET_EnableAVX2=0"];

    // longer than a vector, shorter, and one row that leaves a rest behind every width
    private static readonly (int Rows, int Classes, bool Soft)[] Shapes = [(5, 3, false), (9, 16, true), (2, 257, true), (1, 9, false)];

    [Fact]
    public async Task EveryLoss_WithNarrowerVectors_AnswersTheSameBytes()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var batches = LossCatalogue.All.SelectMany(Batches).ToArray();
        var bodies = batches.Select(batch => Encoding.UTF8.GetBytes(batch.Body)).ToArray();
        var answers = await Task.WhenAll(Settings.Select(setting => AnswersAsync(setting, batches, bodies, cancellation)));

        for (var k = 1; k < Settings.Length; k++) AssertSame(batches, answers[0], answers[k], $"under {Settings[k]}");
    }

    /// <summary>Compares with the service at the address in LOSS_SERVICE_ELSEWHERE, which runs on a processor of another kind.</summary>
    [Fact(Explicit = true)]
    public async Task EveryLoss_OnAProcessorOfAnotherKind_AnswersTheSameBytes()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var address = Environment.GetEnvironmentVariable(Elsewhere) ?? throw new InvalidOperationException($"{Elsewhere} has no address.");
        var batches = LossCatalogue.All.SelectMany(Batches).ToArray();
        var bodies = batches.Select(batch => Encoding.UTF8.GetBytes(batch.Body)).ToArray();
        using var client = new HttpClient { BaseAddress = new(address) };
        var answers = new byte[batches.Length][];
        for (var i = 0; i < batches.Length; i++)
        {
            using var content = new ByteArrayContent(bodies[i]);
            content.Headers.ContentType = new("application/json");
            using var answer = await client.PostAsync(new Uri(batches[i].Path, UriKind.Relative), content, cancellation);
            answers[i] = await answer.Content.ReadAsByteArrayAsync(cancellation);
        }
        AssertSame(batches, await AnswersAsync("", batches, bodies, cancellation), answers, $"at {address}");
    }

    private static void AssertSame(WrittenBatch[] batches, byte[][] usual, byte[][] other, string where)
    {
        for (var i = 0; i < batches.Length; i++)
        {
            Assert.True(IsScored(usual[i]), $"{batches[i].Path} refused {Start(batches[i])}: {Encoding.UTF8.GetString(usual[i])}");
            Assert.True(usual[i].AsSpan().SequenceEqual(other[i]), Difference(batches[i], where, usual[i], other[i]));
        }
    }

    private static IEnumerable<WrittenBatch> Batches(Loss loss) =>
        from form in loss.Accepts
        from dtype in new[] { DType.Float32, DType.Float64 }
        from shape in Shapes
        let space = new BatchSpace
        {
            Forms = [form],
            DTypes = [dtype],
            Scales = [4, 40],
            HasSoftLabels = shape.Soft,
            Reductions = [shape.Rows % 2 == 0 ? Reduction.Sum : Reduction.Mean],
            OptionChance = shape.Soft ? 1 : 0,
            WeightChance = 1,
            MaskChance = 0.25,
        }
        select new WrittenBatch(BatchGenerator.Draw(loss, space.OfSize(shape.Rows, shape.Classes), shape.Rows * 1000 + shape.Classes));

    private static async Task<byte[][]> AnswersAsync(string setting, WrittenBatch[] batches, byte[][] bodies,
        CancellationToken cancellation)
    {
        using var service = await ServiceProcess.StartAsync(setting.Length == 0 ? [] : [setting], cancellation);
        using var catalogue = JsonDocument.Parse(await service.GetAsync("/v1/losses", cancellation));
        Assert.Equal(
            catalogue.RootElement.GetProperty("losses").EnumerateArray().Select(loss => loss.GetProperty("name").GetString()),
            batches.Select(batch => batch.Draft.Loss.Name).Distinct());
        var answers = new byte[batches.Length][];
        for (var i = 0; i < batches.Length; i++)
            answers[i] = await service.PostAsync(batches[i].Path, bodies[i], cancellation);
        return answers;
    }

    private static bool IsScored(byte[] answer)
    {
        using var json = JsonDocument.Parse(answer);
        return json.RootElement.TryGetProperty("totals", out _);
    }

    private static string Start(WrittenBatch batch) => batch.Body[..Math.Min(400, batch.Body.Length)];

    private static string Difference(WrittenBatch batch, string where, byte[] usual, byte[] other)
    {
        var at = usual.AsSpan().CommonPrefixLength(other);
        return $"""
            {batch.Path} answers other bytes {where}, from byte {at} on:
              as usual: {Around(usual)}
              there:    {Around(other)}
              body:     {Start(batch)}
            """;

        string Around(byte[] answer) => Encoding.UTF8.GetString(answer[Math.Max(0, at - 60)..Math.Min(answer.Length, at + 60)]);
    }
}
