using LossService.Benchmarks.Peers;
using LossService.Benchmarks.Racing;
using LossService.Benchmarks.Report;

namespace LossService.Benchmarks.Chapters;

/// <summary>What a request costs as its body grows from 10 KB to 100 MB.</summary>
internal static class Growth
{
    private const int Classes = 1000;
    private const string LossOnly = "LossService, loss only";
    private const string Binary = "LossService, binary";
    private static readonly int[] Rows = [1, 10, 96, 960, 9600];

    public static Chapter Measure(Workshop workshop)
    {
        using var service = Server.Start(workshop.LossService);
        using var idiomatic = Server.Start(ServerKind.Idiomatic);
        using var ujson = Server.Start(ServerKind.FastApiUjson);
        using var pydantic = Server.Start(ServerKind.FastApiPydantic);
        Server[] servers = [service, idiomatic, ujson, pydantic];
        foreach (var server in servers) server.WarmUp();

        var isBinaryServed = OpenInference.IsServed(service.Port);
        Curve[] curves = [.. servers.Select(server => new Curve(server.Name)), new(LossOnly), .. isBinaryServed ? [new Curve(Binary)]
            : Array.Empty<Curve>()];
        foreach (var rows in Rows)
        {
            Console.Error.WriteLine($"{rows}×{Classes}");
            var batch = new DrawnBatch(rows, Classes);
            var json = batch.ToJson("loss", "gradient");
            // a turn is one request at least, and a request of 100 MB takes some of the peers ten seconds
            var race = workshop.Race with
            {
                Turn = TimeSpan.FromSeconds(0.2),
                WarmUp = TimeSpan.FromSeconds(0.5),
                Rounds = rows > 1000
                ? Math.Min(3, workshop.Race.Rounds) : workshop.Race.Rounds
            };
            var times = race.Run(
                [
                    .. servers.Select(server => EndToEnd.Posting(server.Name, server.Port, server.Message(json))),
                    EndToEnd.Posting(LossOnly, service.Port, service.Message(batch.ToJson("loss"))),
                    .. isBinaryServed ? [EndToEnd.Posting(Binary, service.Port, OpenInference.Message(batch))] : Array.Empty<Contender>(),
                ]);
            for (var i = 0; i < curves.Length; i++) curves[i].Points.Add((json.Length, times[i]));
        }
        return Describe(curves);
    }

    private static Chapter Describe(Curve[] curves)
    {
        var table = new Table(["body", .. curves.Select(curve => curve.Name)]);
        for (var i = 0; i < Rows.Length; i++)
            table.Rows.Add([Quantity.Bytes(curves[0].Points[i].Bytes), .. curves
                .Select(curve =>
                $"{Quantity.Time(curve.Points[i].Seconds)} ({Quantity.Speed(curve.Points[i].Bytes / curve.Points[i].Seconds)})")]);
        return new("Cost as the work grows",
            $"JSON, {Classes} classes, loss + gradient unless stated otherwise: the time of a request, and the bytes of the JSON "
            + "body divided by it. Binary: the same batch as OIP tensors. Bodies of 1 MB or more are read, scored and written on both "
            + "cores, so they are faster per byte.",
            table,
            [Flatness(curves[0]), Flatness(curves.Single(curve => curve.Name == LossOnly))])
        {
            Picture = new CostPlot(curves).ToString(),
        };
    }

    // a byte of a larger body may cost less than one of 100 KB, and does where a second core is idle; what counts is that none costs more
    private static Comparison Flatness(Curve curve)
    {
        var speeds = curve.Points.Where(point => point.Bytes > 90_000).Select(point => point.Bytes / point.Seconds).ToList();
        return Comparison.AtMost(
            curve.Name == LossOnly ? "cost of a byte, 1 MB to 100 MB, loss only" : "cost of a byte, 1 MB to 100 MB, loss + gradient",
            $"{Quantity.Speed(speeds.Skip(1).Min())} to {Quantity.Speed(speeds.Skip(1).Max())}",
            $"a byte of 100 KB, {Quantity.Speed(speeds[0])}", speeds[0] / speeds.Skip(1).Min(), 1.5, Quantity.Ratio);
    }
}
