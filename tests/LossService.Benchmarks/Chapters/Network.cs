using LossService.Benchmarks.Peers;
using LossService.Benchmarks.Racing;
using LossService.Benchmarks.Report;

namespace LossService.Benchmarks.Chapters;

/// <summary>Large JSON over a network of a gigabyte a second, beside the transfer alone.</summary>
internal static class Network
{
    public static Chapter Measure(Workshop workshop)
    {
        var table = new Table("over 1 GB/s each way", "LossService", "transfer alone");
        var comparisons = new List<Comparison>();
        const string Text = """
            A pair of virtual network devices with a rate of 8 Gbit/s each way; the servers are in a network namespace of their own. The transfer
            alone is an endpoint that drains the same body and answers as many bytes.
            """;
        try
        {
            using var link = new Link("8gbit");
            using var service = Server.Start(workshop.LossService.Inside());
            using var bare = Server.Start(ServerKind.Bare.Inside());
            service.WarmUp();
            bare.WarmUp();
            var batch = new DrawnBatch(1024, 1000);
            foreach (var outputs in new[] { "loss", "loss,gradient" })
            {
                var work = $"JSON 1024×1000, {outputs.Replace(",", " + ", StringComparison.Ordinal)}, over 1 GB/s";
                var json = batch.ToJson(outputs.Split(','));
                using var http = new HttpConnection(service.Address, service.Port);
                var answer = http.Post(service.Message(json));
                var times = workshop.Race.Run(
                    Posting(service, service.Message(json)), Posting(bare, HttpConnection.Message($"/drain/{answer}", json)));
                table.Rows.Add([work, .. times.Select(Quantity.Time)]);
                comparisons.Add(Comparison.AtMost(
                    work, Quantity.Time(times[0]), $"transfer, {Quantity.Time(times[1])}", times[0] / times[1], 1.1, Quantity.Ratio));
            }
        }
        catch (InvalidOperationException unable)
        {
            comparisons.Add(Comparison.Skipped("JSON 1024×1000, over 1 GB/s", "transfer alone", unable.Message));
        }
        return new("Over a network", Text, table, comparisons);
    }

    private static Contender Posting(Server server, byte[] message) =>
        EndToEnd.Posting(server.Name, server.Port, message, server.Address);
}
