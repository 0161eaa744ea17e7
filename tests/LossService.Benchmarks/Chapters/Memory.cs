using System.Globalization;
using LossService.Benchmarks.Peers;
using LossService.Benchmarks.Racing;
using LossService.Benchmarks.Report;

namespace LossService.Benchmarks.Chapters;

/// <summary>What one request of 100 MB adds to a process, what a small one leaves to the garbage collector, and whether any of it
/// stays.</summary>
internal static class Memory
{
    public static Chapter Measure(Workshop workshop)
    {
        ServerKind[] kinds = [workshop.LossService, ServerKind.Idiomatic, ServerKind.FastApiUjson.Single(),
            ServerKind.FastApiPydantic.Single()];
        var table = new Table(["median", .. kinds.Select(kind => kind.Name)]);
        var comparisons = new List<Comparison>();
        var batch = new DrawnBatch(9600, 1000);
        foreach (var outputs in new string[][] { ["loss"], ["loss", "gradient"] })
        {
            var json = batch.ToJson(outputs);
            var work = $"peak above idle, JSON body of {Quantity.Bytes(json.Length)}, {string.Join(" + ", outputs)}";
            var peaks = kinds.Select(kind => Race.Median([.. Enumerable.Range(0, 3).Select(_ => PeakAboveIdle(kind, json))])).ToArray();
            table.Rows.Add([work, .. peaks.Select(Quantity.Bytes)]);
            comparisons.Add(Comparison.AtMost(work, Quantity.Bytes(peaks[0]), "the body", peaks[0] / json.Length, 2, Quantity.Ratio));
        }
        var allocated = AllocatedPerRequest();
        table.Rows.Add(["managed allocation of a request of 32×10, loss", Quantity.Bytes(allocated), "–", "–", "–"]);
        comparisons.Add(Comparison.AtMost("managed allocation of a request of 32×10, loss", Quantity.Bytes(allocated), "4 KB", allocated,
            4000, Quantity.Bytes));
        var resident = Endurance.Resident(workshop.LossService);
        var looks = string.Join(", ", Endurance.Looks.Select(look => $"{look / 1000}"));
        table.Rows.Add([$"resident after {looks} thousand requests of 32×10", string.Join(", ", resident.Select(Quantity.Bytes)), "–", "–",
            "–"]);
        table.Rows.Add(["live on the managed heap after as many", string.Join(", ", Endurance.Heap().Select(Quantity.Bytes)), "–", "–",
            "–"]);
        comparisons.Add(Comparison.AtMost($"resident after {Endurance.Looks[^1] / 1000} thousand requests of 32×10",
            Quantity.Bytes(resident[^1]),
            $"itself after {Endurance.Looks[^2] / 1000} thousand, {Quantity.Bytes(resident[^2])}", resident[^1] / resident[^2], 1.05,
                Quantity.Ratio));
        return new("Memory",
            """
            Peak: resident memory of a new process during one large request, minus that after fifty small ones. Allocation: managed
            allocation of the whole process over 10 000 requests on one connection, reported by its garbage collector, with logging of
            warnings only. Memory counts as flat if 100 000 requests, after as many before them, add at most 5 % (four connections, every
            fourth request with gradient). Before that it still grows, because code is recompiled and the youngest generation fills up;
            the table shows this too. Heap: what a full collection leaves, with service and client in one process.
            """, table, comparisons);
    }

    private static double PeakAboveIdle(ServerKind kind, byte[] json)
    {
        using var server = Server.Start(kind);
        using var http = new HttpConnection(server.Port);
        var small = server.Message(new DrawnBatch(32, 10).ToJson("loss", "gradient"));
        for (var i = 0; i < 50; i++) http.Post(small);
        Thread.Sleep(500);
        server.Memory.ForgetPeak();
        var idle = server.Memory.Resident;
        http.Post(server.Message(json));
        return server.Memory.Peak - idle;
    }

    private static double AllocatedPerRequest() =>
        double.Parse(Workshop.Run(Environment.ProcessPath!,
            [Allocation.Verb]) ?? throw new InvalidOperationException("the allocation was not measured"), CultureInfo.InvariantCulture);
}
