using LossService.Benchmarks.Peers;
using LossService.Benchmarks.Racing;
using LossService.Benchmarks.Report;
using LossService.Client;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Benchmarks.Chapters;

/// <summary>A call by LossService.Client beside one written by hand on <see cref="HttpClient"/>, and beside bytes on a socket.</summary>
internal static class ClientCalls
{
    public static Chapter Measure(Workshop workshop)
    {
        using var server = Server.Start(workshop.LossService);
        server.WarmUp();
        var services = new ServiceCollection();
        services.AddLossClient(new($"http://127.0.0.1:{server.Port}"));
        using var provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<LossClient>();
        using var byHand = new HandWrittenCall(server.Port);

        var table = new Table("loss + gradient, binary (OIP)", "LossService.Client", "written by hand", "ready bytes on a socket");
        var comparisons = new List<Comparison>();
        foreach (var (rows, classes) in new[] { (1024, 1000), (32, 10) })
        {
            var batch = new DrawnBatch(rows, classes);
            var work = $"a call, {rows}×{classes}, loss + gradient";
            Agreement.Check(Score(client, batch, rows, classes), "the call written by hand", byHand.Score(batch, rows, classes));
            var times = workshop.Race.Run(
                Contender.Timed("client", () => Score(client, batch, rows, classes)),
                Contender.Timed("by hand", () => byHand.Score(batch, rows, classes)),
                EndToEnd.Posting("socket", server.Port, OpenInference.Message(batch)));
            table.Rows.Add([$"{rows}×{classes}", .. times.Select(Quantity.Time)]);
            comparisons.Add(Comparison.AtMost(work, Quantity.Time(times[0]), $"a call written by hand, {Quantity.Time(times[1])}",
                times[0] / times[1], 1.3, Quantity.Ratio));
        }
        return new("Client",
            """
            From logits in a `float[]` to the gradient in one, one call after the other. The call written by hand makes a body of the JSON and
            the tensors' bytes, posts it by `HttpClient`, reads the answer whole, parses its JSON and copies the gradient out. The client
            is registered by `AddLossClient`, with retries. The socket sends bytes that were made before and drops the answer.
            """, table, comparisons);
    }

    private static double Score(LossClient client, DrawnBatch drawn, int rows, int classes)
    {
        var scores = client.ScoreAsync(LossNames.CrossEntropy, new LossBatch
        {
            Logits = LossTensor.Of(drawn.Logits, rows, classes),
            Labels = drawn.Labels,
            Outputs = LossOutputs.Loss | LossOutputs.Gradient,
        }).GetAwaiter().GetResult();
        return scores.Gradient.Shape.Length == 2 ? scores.Loss!.Value : double.NaN;
    }
}
