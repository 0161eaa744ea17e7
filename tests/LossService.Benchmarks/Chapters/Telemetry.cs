using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using LossService.Benchmarks.Peers;
using LossService.Benchmarks.Racing;
using LossService.Benchmarks.Report;

namespace LossService.Benchmarks.Chapters;

/// <summary>
/// What metrics cost a small request: one process of the service that turns them on and off, see <see cref="MeterSwitch"/>.
/// </summary>
internal static class Telemetry
{
    private const int SwitchPort = 9511;
    private const int WarmUp = 20_000;

    /// <summary>With one, what the service does behind a response changes how it waits for the next request.</summary>
    private const int Connections = 8;

    /// <summary>Requests after each turn of the switch that are not timed.</summary>
    private const int Settling = 200;

    /// <summary>Requests of a turn. Turns are short, so that whatever else the machine does falls on both sides.</summary>
    private const int Turn = 1_000;

    /// <summary>Pairs of turns in a round, in each of which either side comes first by chance.</summary>
    private const int Pairs = 20;

    public static Chapter Measure(Workshop workshop)
    {
        var kind = workshop.LossService with
        {
            Environment =
            [
                .. workshop.LossService.Environment, ("OTEL_SDK_DISABLED", "true"),
                ("DOTNET_STARTUP_HOOKS", typeof(MeterSwitch).Assembly.Location), (MeterSwitch.Variable, $"{SwitchPort}"),
            ],
        };
        using var service = Server.Start(kind);
        using var meter = new TcpClient("localhost", SwitchPort) { NoDelay = true };
        var connections = Enumerable.Range(0, Connections).Select(_ => new HttpConnection(service.Port)).ToArray();
        var message = service.Message(new DrawnBatch(32, 10).ToJson("loss"));
        foreach (var command in (MeterSwitch.Command[])[MeterSwitch.Command.On, MeterSwitch.Command.Off])
        {
            Tell(meter, command);
            Post(connections, message, WarmUp);
        }

        var before = Tell(meter, MeterSwitch.Command.Off).Requests;
        var random = new Random(1);
        var (pairs, with, without) = (workshop.Race.Rounds * Pairs, new List<Cost>(), new List<Cost>());
        for (var pair = 0; pair < pairs; pair++)
        {
            var isOn = random.Next(2) == 0;
            for (var side = 0; side < 2; side++, isOn = !isOn) (isOn ? with : without).Add(Time(isOn));
        }
        var counted = Tell(meter, MeterSwitch.Command.Off).Requests - before;
        if (counted != pairs * (Settling + Turn)) throw new InvalidOperationException($"metrics counted {counted} requests");

        var table = new Table("a request", "with metrics", "without", "more, median of the pairs", "95 % interval");
        return new("Metrics",
            $"""
            One process of the service turns its metrics on and off: {pairs} pairs of turns of {Turn} requests of 32×10 on {Connections} connections, after
            {2 * WarmUp} to warm up and {Settling} after each turn of the switch. Nothing scrapes meanwhile. The interval is a bootstrap's.
            """, table, Compare("processor time of the service", cost => cost.Processor), Compare("time until the response", cost => cost.Waited));

        Cost Time(bool isOn)
        {
            Tell(meter, isOn ? MeterSwitch.Command.On : MeterSwitch.Command.Off);
            Post(connections, message, Settling);
            var processor = Tell(meter, MeterSwitch.Command.Read).ProcessorTicks;
            var start = Stopwatch.GetTimestamp();
            Post(connections, message, Turn);
            var waited = Stopwatch.GetElapsedTime(start);
            processor = Tell(meter, MeterSwitch.Command.Read).ProcessorTicks - processor;
            return new(new TimeSpan(processor).TotalSeconds / Turn, waited.TotalSeconds / Turn);
        }

        Comparison Compare(string what, Func<Cost, double> select)
        {
            var ratio = Interval.Of([.. with.Zip(without, (on, off) => select(on) / select(off))]);
            var (on, off) = (Race.Median([.. with.Select(select)]), Race.Median([.. without.Select(select)]));
            table.Rows.Add(
                [what, Quantity.Time(on), Quantity.Time(off), Percent(ratio.Median), $"{Percent(ratio.Low)} to {Percent(ratio.High)}"]);
            return Comparison.AtMost($"JSON 32×10, loss, {what}", Quantity.Time(on), "the same without metrics", ratio.Median, 1.03,
                value => value.ToString("0.000", CultureInfo.InvariantCulture) + "×");
        }
    }

    private static MeterSwitch.Reading Tell(TcpClient meter, MeterSwitch.Command command)
    {
        meter.GetStream().WriteByte((byte)command);
        var reading = new MeterSwitch.Reading[1];
        meter.GetStream().ReadExactly(MemoryMarshal.AsBytes(reading.AsSpan()));
        return reading[0];
    }

    /// <summary>Posts to all connections, then reads from all: the service has work as long as it answers.</summary>
    private static void Post(HttpConnection[] connections, byte[] message, int requests)
    {
        for (var i = 0; i < requests; i += connections.Length)
        {
            foreach (var connection in connections) connection.Send(message);
            foreach (var connection in connections) connection.Receive();
        }
    }

    private static string Percent(double ratio) => (ratio - 1).ToString("+0.0 %;−0.0 %", CultureInfo.InvariantCulture);

    /// <summary>Seconds of a request.</summary>
    private readonly record struct Cost(double Processor, double Waited);
}
