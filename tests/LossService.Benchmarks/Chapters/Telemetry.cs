using LossService.Benchmarks.Peers;
using LossService.Benchmarks.Racing;
using LossService.Benchmarks.Report;

namespace LossService.Benchmarks.Chapters;

/// <summary>What metrics cost a small request: the service as it ships, and with <c>OTEL_SDK_DISABLED</c>.</summary>
internal static class Telemetry
{
    /// <summary>Requests of a turn: about a second, so that the system's clock of processor time, which has steps of 10 ms, is fine
    /// enough.</summary>
    private const int Requests = 20_000;

    public static Chapter Measure(Workshop workshop)
    {
        const string Work = "JSON 32×10, loss, 1 connection";
        var off = workshop.LossService with
        {
            Name = "without metrics",
            Port = 9511,
            Environment =
            [
                .. workshop.LossService.Environment, ("Kestrel__Endpoints__Http__Url", "http://127.0.0.1:9511"),
                ("Kestrel__Endpoints__Grpc__Url", "http://127.0.0.1:9512"), ("OTEL_SDK_DISABLED", "true"),
            ],
        };
        using var with = Server.Start(workshop.LossService);
        using var without = Server.Start(off);
        Server[] servers = [with, without];
        foreach (var server in servers) server.WarmUp();

        var message = with.Message(new DrawnBatch(32, 10).ToJson("loss"));
        var elapsed = new List<double>[] { [], [] };
        var race = workshop.Race with { Turn = TimeSpan.Zero, WarmUp = TimeSpan.FromSeconds(3) };
        // the contenders return processor time; what the client waited for is noted beside
        var used = race.Run([.. servers.Select((server, side) => Posting(server, message, elapsed[side]))]);
        var waited = elapsed.Select(times => Race.Median(times)).ToArray();

        var table = new Table("median of a request", "with metrics", "without", "more");
        table.Rows.Add(["processor time of the service", Quantity.Time(used[0]), Quantity.Time(used[1]), Percent(used)]);
        table.Rows.Add(["time until the response", Quantity.Time(waited[0]), Quantity.Time(waited[1]), Percent(waited)]);
        return new("Metrics",
            $"""
            Two processes of the service, one as it ships and one with `OTEL_SDK_DISABLED=true`, take turns of {Requests} requests of 32×10 on
            one connection.
            """, table,
            Comparison.AtMost(Work, Quantity.Time(used[0]), "the same without metrics", used[0] / used[1], 1.03,
                ratio => ratio.ToString("0.000", System.Globalization.CultureInfo.InvariantCulture) + "×"));
    }

    private static Contender Posting(Server server, byte[] message, List<double> elapsed)
    {
        var http = new HttpConnection(server.Port);
        return new(server.Name, () =>
        {
            var (start, before) = (System.Diagnostics.Stopwatch.GetTimestamp(), server.ProcessorTime);
            for (var i = 0; i < Requests; i++) http.Post(message);
            elapsed.Add(System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds / Requests);
            return (server.ProcessorTime - before).TotalSeconds / Requests;
        });
    }

    private static string Percent(double[] sides) =>
        (sides[0] / sides[1] - 1).ToString("+0.0 %;−0.0 %", System.Globalization.CultureInfo.InvariantCulture);
}
