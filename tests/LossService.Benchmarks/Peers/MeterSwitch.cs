using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using LossService.Hosting;
using LossService.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace LossService.Benchmarks.Peers;

/// <summary>
/// Turns the metrics of a running service on and off, so that one process is measured with and without them: two processes of the same
/// program differ by more than metrics cost. Runs inside the service, which is started with <c>OTEL_SDK_DISABLED</c> and has this
/// assembly as its startup hook.
/// </summary>
internal static class MeterSwitch
{
    /// <summary>The variable that has the port on which it takes commands.</summary>
    public const string Variable = "METER_SWITCH_PORT";

    /// <summary>What it is told, in one byte; it answers with a <see cref="Reading"/>.</summary>
    public enum Command : byte
    {
        Off,
        On,
        Read,
    }

    /// <summary>Takes commands from one connection.</summary>
    public static void Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, int.Parse(Environment.GetEnvironmentVariable(Variable)!));
        listener.Start();
        new Thread(() => Obey(listener.AcceptTcpClient().GetStream())) { IsBackground = true }.Start();
    }

    private static void Obey(NetworkStream stream)
    {
        // the service has read its settings; the builder of a provider would heed this one as well
        Environment.SetEnvironmentVariable("OTEL_SDK_DISABLED", null);
        MeterProvider? provider = null;
        var counted = new CountedRequests();
        for (int command; (command = stream.ReadByte()) >= 0;)
        {
            if (command != (int)Command.Read)
            {
                // a request is counted after its response
                Thread.Sleep(5);
                // a provider exports when it ends
                provider?.Dispose();
                provider = command == (int)Command.On ? Build(counted) : null;
                // what this leaves is not collected while requests are timed
                GC.Collect();
            }
            var reading = new Reading(counted.Total, Environment.CpuUsage.TotalTime.Ticks);
            stream.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<Reading>(in reading)));
        }
    }

    private static MeterProvider Build(CountedRequests counted)
    {
        var builder = Sdk.CreateMeterProviderBuilder();
        TelemetryHosting.Subscribe(builder);
        return builder.AddReader(new BaseExportingMetricReader(counted)).Build();
    }

    /// <summary>What the service has used and counted since it started.</summary>
    /// <param name="Requests">Requests that its own meter counted, up to the last time that metrics were turned off.</param>
    /// <param name="ProcessorTicks">Processor time, in ticks of <see cref="TimeSpan"/>.</param>
    public readonly record struct Reading(long Requests, long ProcessorTicks);

    /// <summary>Reads the service's own counter of requests, which shows that metrics were on.</summary>
    private sealed class CountedRequests : BaseExporter<Metric>
    {
        public long Total { get; private set; }

        public override ExportResult Export(in Batch<Metric> batch)
        {
            // an observable counter has all that was counted since the service started
            var total = 0L;
            foreach (var metric in batch)
            {
                if (metric.Name != ServiceMeter.RequestsName) continue;
                foreach (ref readonly var point in metric.GetMetricPoints()) total += point.GetSumLong();
            }
            Total = total;
            return ExportResult.Success;
        }
    }
}
