using System.Diagnostics;
using LossService.Benchmarks.Peers;
using LossService.Benchmarks.Racing;
using LossService.Benchmarks.Report;

namespace LossService.Benchmarks.Chapters;

/// <summary>Small requests while a large one is scored, on many connections, and in the first second in which a process is ready.</summary>
internal static class Contention
{
    private const double Large = 100e6;

    public static Chapter Measure(Workshop workshop)
    {
        var table = new Table("JSON 32×10, loss", "median", "p99");
        var comparisons = new List<Comparison>();
        using (var server = Server.Start(workshop.LossService))
        {
            server.WarmUp();
            AddBesideLarge(workshop, server, table, comparisons);
            foreach (var connections in new[] { 1, 16, 256, 2000 }) AddRate(workshop, server, connections, table);
        }
        AddFirstSecond(workshop, table, comparisons);
        return new("Under contention",
            $"""
            The time of a batch of 32×10 on one connection: alone, while another connection posts JSON of {Quantity.Bytes(Large)} (loss and
            gradient) without a pause, and in the second after a process is ready, which is when it has warmed up. Rates on many connections
            are those of wrk, one thread. Clients and service share the two cores.
            """, table, comparisons);
    }

    private static void AddBesideLarge(Workshop workshop, Server server, Table table, List<Comparison> comparisons)
    {
        var small = server.Message(new DrawnBatch(32, 10).ToJson("loss"));
        var large = server.Message(new DrawnBatch((int)(Large / 10_660), 1000).ToJson("loss", "gradient"));
        using var http = new HttpConnection(server.Port);
        var (alone, beside) = (new List<double>(), new List<double>());
        for (var round = 0; round < workshop.Race.Rounds; round++)
        {
            Post(http, small, TimeSpan.FromSeconds(1), alone);
            using var stop = new CancellationTokenSource();
            using var started = new ManualResetEventSlim();
            var posting = new Thread(() =>
            {
                using var other = new HttpConnection(server.Port);
                started.Set();
                while (!stop.IsCancellationRequested) other.Post(large);
            });
            posting.Start();
            started.Wait();
            Post(http, small, TimeSpan.FromSeconds(2), beside);
            stop.Cancel();
            posting.Join();
        }
        Add(table, "alone", alone);
        Add(table, $"while {Quantity.Bytes(Large)} are scored", beside);
        var (calm, busy) = (Percentile(alone, 0.99), Percentile(beside, 0.99));
        comparisons.Add(Comparison.AtMost($"JSON 32×10, p99 while {Quantity.Bytes(Large)} are scored", Quantity.Time(busy),
            $"alone, {Quantity.Time(calm)}", busy / calm, 3, Quantity.Ratio));
    }

    private static void AddRate(Workshop workshop, Server server, int connections, Table table)
    {
        if (!Workshop.IsInstalled("wrk")) return;
        var body = workshop.Write("small.json", new DrawnBatch(32, 10).ToJson("loss"));
        var rates = new List<double>();
        for (var round = 0; round < workshop.Race.Rounds; round++)
            rates.Add(EndToEnd.RequestsPerSecond(server.Port, server.Path, body, connections));
        table.Rows.Add([$"{connections:#,0} connections", Quantity.Rate(Race.Median(rates)), "–"]);
    }

    private static void AddFirstSecond(Workshop workshop, Table table, List<Comparison> comparisons)
    {
        var (first, warm) = (new List<double>(), new List<double>());
        for (var round = 0; round < workshop.Race.Rounds; round++)
        {
            using var server = Server.Start(workshop.LossService);
            using var http = new HttpConnection(server.Port);
            var small = server.Message(new DrawnBatch(32, 10).ToJson("loss"));
            Post(http, small, TimeSpan.FromSeconds(1), first);
            Post(http, small, TimeSpan.FromSeconds(15), []);
            Post(http, small, TimeSpan.FromSeconds(1), warm);
        }
        Add(table, "in the first second in which it is ready", first);
        Add(table, "the same process, 15 seconds later", warm);
        var (cold, hot) = (Race.Median(first), Race.Median(warm));
        comparisons.Add(Comparison.AtMost("JSON 32×10, median in the first second", Quantity.Time(cold), $"warm, {Quantity.Time(hot)}",
            cold / hot, 1.3, Quantity.Ratio));
    }

    private static void Post(HttpConnection http, byte[] message, TimeSpan duration, List<double> times)
    {
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < duration)
        {
            var sent = Stopwatch.GetTimestamp();
            http.Post(message);
            times.Add(Stopwatch.GetElapsedTime(sent).TotalSeconds);
        }
    }

    private static void Add(Table table, string what, List<double> times) =>
        table.Rows.Add([what, Quantity.Time(Race.Median(times)), Quantity.Time(Percentile(times, 0.99))]);

    private static double Percentile(List<double> times, double part)
    {
        times.Sort();
        return times[(int)(part * (times.Count - 1))];
    }
}
