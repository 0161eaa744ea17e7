using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using LossService.Benchmarks.Peers;
using LossService.Benchmarks.Racing;
using LossService.Benchmarks.Report;

namespace LossService.Benchmarks.Chapters;

/// <summary>
/// Whole requests beside an endpoint on Kestrel that drains the same body and answers as many bytes: nothing that scores is faster.
/// </summary>
internal static class Floor
{
    private const int Rows = 1024, Classes = 1000;

    /// <summary>How large the stream of NDJSON is, and each line of it.</summary>
    private const long StreamBytes = 1_000_000_000;

    public static Chapter Measure(Workshop workshop)
    {
        using var service = Server.Start(workshop.LossService);
        using var bare = Server.Start(ServerKind.Bare);
        service.WarmUp();
        bare.WarmUp();
        var table = new Table("median", service.Name, "drain");
        var comparisons = new List<Comparison>();
        var batch = new DrawnBatch(Rows, Classes);
        var shape = $"{Rows}×{Classes}";
        (string Work, byte[] Message, double Limit)[] works =
        [
            ($"JSON {shape}, loss", service.Message(batch.ToJson("loss")), 1.2),
            ($"JSON {shape}, loss + gradient", service.Message(batch.ToJson("loss", "gradient")), 1.4),
            ($"binary (OIP) {shape}, loss + gradient", OpenInference.Message(batch), 1.25),
            ($"NumPy {shape}, loss + gradient", NumpyMessage(batch), 1.25),
            ($"Arrow {shape}, loss + gradient", ArrowMessages.Message(batch.Logits, batch.Labels, Classes), 1.25),
            ("JSON 32×10, loss", service.Message(new DrawnBatch(32, 10).ToJson("loss")), 1.15),
        ];
        foreach (var (work, message, limit) in works)
        {
            using var http = new HttpConnection(service.Port);
            var answer = http.Post(message);
            var times = workshop.Race.Run(
                EndToEnd.Posting("service", service.Port, message),
                EndToEnd.Posting("drain", bare.Port, Redirect(message, $"/drain/{answer}")));
            table.Rows.Add([work, .. times.Select(Quantity.Time)]);
            comparisons.Add(Comparison.AtMost(
                work, Quantity.Time(times[0]), $"drain, {Quantity.Time(times[1])}", times[0] / times[1], limit, Quantity.Ratio));
        }
        AddStream(workshop, service, bare, table, comparisons);
        return new("At the floor",
            """
            Beside each request, an endpoint on Kestrel with the same receive blocks that drains the same body and answers as many bytes, on one
            connection. The stream of NDJSON stands beside one that echoes it.
            """, table, comparisons);
    }

    private static void AddStream(Workshop workshop, Server service, Server bare, Table table, List<Comparison> comparisons)
    {
        var line = new DrawnBatch(64, Classes).ToJson("loss");
        var lines = (int)(StreamBytes / (line.Length + 1));
        byte[] text = [.. line, (byte)'\n'];
        var work = $"NDJSON, {Quantity.Bytes((double)lines * text.Length)} in lines of 64×{Classes}, loss";
        var race = workshop.Race with { Turn = TimeSpan.Zero, WarmUp = TimeSpan.Zero };
        var times = race.Run(
            Contender.Timed("service", () => HttpStream.Post(service.Port, "/v1/losses/cross_entropy", text, lines)),
            Contender.Timed("echo", () => HttpStream.Post(bare.Port, "/echo", text, lines)));
        var speeds = Array.ConvertAll(times, time => lines * text.Length / time);
        table.Rows.Add([work, .. speeds.Select(Quantity.Speed)]);
        comparisons.Add(Comparison.Faster(work, times[0], "echo", times[1], 0.6) with
        {
            Ours = Quantity.Speed(speeds[0]),
            Theirs = Quantity.Speed(speeds[1]),
        });
    }

    private static byte[] Redirect(byte[] message, string path)
    {
        var start = "POST "u8.Length;
        var end = Array.IndexOf(message, (byte)' ', start);
        return [.. message[..start], .. Encoding.ASCII.GetBytes(path), .. message[end..]];
    }

    private static byte[] NumpyMessage(DrawnBatch batch)
    {
        const string Boundary = "lossservice-benchmark";
        using var form = new MemoryStream();
        Add("logits", Npy("<f4", $"({Rows}, {Classes})", MemoryMarshal.AsBytes<float>(batch.Logits)));
        Add("labels", Npy("<i8", $"({Rows},)", MemoryMarshal.AsBytes<long>(batch.Labels)));
        form.Write(Encoding.ASCII.GetBytes($"--{Boundary}--\r\n"));
        return HttpConnection.Message("/v1/losses/cross_entropy?outputs=loss&outputs=gradient", form.ToArray(),
            $"multipart/form-data; boundary={Boundary}", "Accept: application/x-npz\r\n");

        void Add(string name, byte[] file)
        {
            form.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
                $"--{Boundary}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}.npy\"\r\n\r\n")));
            form.Write(file);
            form.Write("\r\n"u8);
        }
    }

    private static byte[] Npy(string dtype, string shape, ReadOnlySpan<byte> elements)
    {
        var header = $"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}";
        header = header.PadRight((header.Length + 11) / 64 * 64 + 64 - 11) + "\n";
        byte[] length = [(byte)header.Length, (byte)(header.Length >> 8)];
        return [0x93, .. "NUMPY"u8, 1, 0, .. length, .. Encoding.ASCII.GetBytes(header), .. elements];
    }
}
