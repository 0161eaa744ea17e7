using System.Globalization;
using LossService.Benchmarks.Peers;
using LossService.Benchmarks.Racing;
using LossService.Benchmarks.Report;

namespace LossService.Benchmarks.Chapters;

/// <summary>What metrics cost a small request: the service as it ships, and with <c>OTEL_SDK_DISABLED</c>.</summary>
internal static class Telemetry
{
    private const int WarmUp = 30_000;
    private const int Turn = 500;

    /// <summary>Turns of a round. Turns are short, so that whatever else the machine does falls on both sides.</summary>
    private const int Turns = 50;

    public static Chapter Measure(Workshop workshop)
    {
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
        var message = with.Message(new DrawnBatch(32, 10).ToJson("loss"));
        var connections = Array.ConvertAll(servers, server => new HttpConnection(server.Port));
        foreach (var http in connections) Post(http, message, WarmUp);

        var before = Array.ConvertAll(servers, server => server.ProcessorTime);
        var race = workshop.Race with { Rounds = workshop.Race.Rounds * Turns, Turn = TimeSpan.Zero, WarmUp = TimeSpan.Zero };
        var waited = race.Run([.. servers.Zip(connections,
            (server, http) => Contender.Timed(server.Name, () => Post(http, message, Turn)))]);
        // each posts once more, before the first round
        var posted = (race.Rounds + 1) * Turn;
        var used = servers.Select((server, side) => (server.ProcessorTime - before[side]).TotalSeconds / posted).ToArray();
        for (var side = 0; side < waited.Length; side++) waited[side] /= Turn;

        var table = new Table("a request", "with metrics", "without", "more");
        table.Rows.Add(["time until the response, median", Quantity.Time(waited[0]), Quantity.Time(waited[1]), Percent(waited)]);
        table.Rows.Add(["processor time of the service, mean", Quantity.Time(used[0]), Quantity.Time(used[1]), Percent(used)]);
        return new("Metrics",
            $"""
            Two processes of the service, one as it ships and one with `OTEL_SDK_DISABLED=true`, take turns of {Turn} requests of 32×10, each on
            one connection, after {WarmUp} to warm up. Nothing scrapes meanwhile.
            """, table, Compare("time until the response", waited), Compare("processor time", used));
    }

    private static void Post(HttpConnection http, byte[] message, int requests)
    {
        for (var i = 0; i < requests; i++) http.Post(message);
    }

    private static Comparison Compare(string what, double[] sides) =>
        Comparison.AtMost($"JSON 32×10, loss, {what}", Quantity.Time(sides[0]), "the same without metrics", sides[0] / sides[1], 1.03,
            ratio => ratio.ToString("0.000", CultureInfo.InvariantCulture) + "×");

    private static string Percent(double[] sides) =>
        (sides[0] / sides[1] - 1).ToString("+0.0 %;−0.0 %", CultureInfo.InvariantCulture);
}
