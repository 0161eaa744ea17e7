using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using LossService.Benchmarks.Peers;
using LossService.Benchmarks.Racing;
using LossService.Benchmarks.Report;

namespace LossService.Benchmarks.Chapters;

/// <summary>Whole requests over loopback: a large batch on one connection, small ones on sixteen, JSON and binary.</summary>
internal static partial class EndToEnd
{
    public static Chapter Measure(Workshop workshop)
    {
        using var service = Server.Start(workshop.LossService);
        using var idiomatic = Server.Start(ServerKind.Idiomatic);
        using var bare = Server.Start(ServerKind.Bare);
        using var ujson = Server.Start(ServerKind.FastApiUjson);
        using var pydantic = Server.Start(ServerKind.FastApiPydantic);
        Server[] servers = [service, idiomatic, ujson, pydantic];
        foreach (var server in servers) server.WarmUp();

        var large = new DrawnBatch(1024, 1000);
        var table = new Table(["median", .. servers.Select(server => server.Name)]);
        var comparisons = new List<Comparison>();

        var gradient = 0.0;
        foreach (var (outputs, overUjson, overPydantic) in new[] { ("loss", 10.0, 50.0), ("loss,gradient", 12.0, 30.0) })
        {
            var json = large.ToJson(outputs.Split(','));
            var work = $"JSON 1024×1000 ({Quantity.Bytes(json.Length)}), {outputs.Replace(",", " + ", StringComparison.Ordinal)}";
            Agreement.Check(servers, json);
            var times = workshop.Race.Run([.. servers.Select(server => Posting(server.Name, server.Port, server.Message(json)))]);
            AddRow(table, work, times, Quantity.Time);
            comparisons.Add(Comparison.Faster(work, times[0], ujson.Name, times[2], overUjson));
            comparisons.Add(Comparison.Faster(work, times[0], pydantic.Name, times[3], overPydantic));
            gradient = times[0];
        }

        AddSmall(workshop, servers, table, comparisons);
        AddBinary(workshop, large, gradient, bare.Port, table, comparisons);
        return new("End to end",
            """
            Softmax cross-entropy of one large batch, posted repeatedly on one connection, and of batches of 32×10 on 16 connections (wrk,
            one thread, on the same two cores). Before timing, the loss of each server was compared with that of LossService. uvicorn runs
            two workers on uvloop and httptools, with one PyTorch thread each; no server writes an access log. In brackets: how many times
            slower than LossService.
            """, table, comparisons);
    }

    /// <summary>A contender that posts one message on a connection of its own; without an address, to loopback.</summary>
    public static Contender Posting(string name, int port, byte[] message, IPAddress? address = null)
    {
        var http = new HttpConnection(address ?? IPAddress.Loopback, port);
        return Contender.Timed(name, () => http.Post(message));
    }

    private static void AddSmall(Workshop workshop, Server[] servers, Table table, List<Comparison> comparisons)
    {
        const string Work = "JSON 32×10, loss, 16 connections";
        var json = new DrawnBatch(32, 10).ToJson("loss");
        Agreement.Check(servers, json);
        using var http = new HttpConnection(servers[0].Port);
        var answer = http.Post(servers[0].Message(json));
        var body = workshop.Write("small.json", json);
        var race = workshop.Race with { Turn = TimeSpan.Zero, WarmUp = TimeSpan.FromSeconds(4) };
        if (!Workshop.IsInstalled("wrk"))
        {
            comparisons.Add(Comparison.Skipped(Work, "FastAPI + ujson, Kestrel", "wrk is not installed"));
            return;
        }
        var drain = new Contender("drain", () => 1 / RequestsPerSecond(ServerKind.Bare.Port, $"/drain/{answer}", body));
        Contender[] contenders = [.. servers
            .Select(server => new Contender(server.Name, () => 1 / RequestsPerSecond(server.Port, server.Path, body))), drain];
        var times = race.Run(contenders);
        AddRow(table, Work, times[..servers.Length], seconds => Quantity.Rate(1 / seconds));
        comparisons.Add(Rate(servers[2].Name, times[2], 20));
        comparisons.Add(Rate($"Kestrel that drains and answers {answer} bytes", times[^1], 0.8));

        Comparison Rate(string against, double theirs, double target) =>
            Comparison.Faster(Work, times[0], against, theirs, target) with
            {
                Ours = Quantity.Rate(1 / times[0]),
                Theirs = Quantity.Rate(1 / theirs)
            };
    }

    private static void AddBinary(Workshop workshop, DrawnBatch batch, double json, int drainPort, Table table,
        List<Comparison> comparisons)
    {
        const string Work = "binary (OIP) 1024×1000, loss + gradient";
        var message = OpenInference.Message(batch);
        if (!OpenInference.IsServed(workshop.LossService.Port))
        {
            comparisons.Add(Comparison.Skipped(Work, "own JSON, Kestrel", "the service has no such route"));
            return;
        }
        using var http = new HttpConnection(workshop.LossService.Port);
        var answer = http.Post(message);
        var drain = HttpConnection.Message($"/drain/{answer}", batch.ToBinary("loss", "gradient").Body);
        var times = workshop.Race.Run(Posting("binary", workshop.LossService.Port, message), Posting("drain", drainPort, drain));
        table.Rows.Add([Work, Quantity.Time(times[0]), .. Enumerable.Repeat("–", table.Headings.Length - 2)]);
        comparisons.Add(Comparison.Faster(Work, times[0], "own JSON", json, 10));
        comparisons.Add(Comparison.Faster(Work, times[0], $"Kestrel that drains and answers {Quantity.Bytes(answer)}", times[1], 0.7));
    }

    private static void AddRow(Table table, string work, double[] times, Func<double, string> format) => table.Rows.Add(
        [work, format(times[0]), .. times.Skip(1).Select(time => $"{format(time)} ({Quantity.Ratio(time / times[0])})")]);

    /// <summary>What wrk counts in three seconds.</summary>
    /// <exception cref="InvalidOperationException">Some answer was no 200.</exception>
    public static double RequestsPerSecond(int port, string path, string body, int connections = 16)
    {
        var output = Workshop.Run("wrk",
            ["-t1", $"-c{connections}", "-d3s", "-s", "Peers/post.lua", $"http://127.0.0.1:{port}{path}"], ("BODY", body));
        if (output?.Contains("Non-2xx",
            StringComparison.Ordinal) != false) throw new InvalidOperationException($"{path} on {port}: {output}");
        return double.Parse(RequestRate().Match(output).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex RequestRate();
}
