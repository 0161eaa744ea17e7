using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using LossService.Benchmarks.Racing;
using LossService.Benchmarks.Report;
using LossService.Core.Tensors;
using LossService.Formats.Numbers;

namespace LossService.Benchmarks.Chapters;

/// <summary>Decimals ⇄ float32, one thread: the service's own code beside simdjson's and the framework's.</summary>
internal static unsafe class Conversions
{
    private const int Rows = 1024;
    private const int Columns = 1000;
    private const int Count = Rows * Columns;

    public static Chapter Measure(Workshop workshop)
    {
        var batch = new DrawnBatch(Rows, Columns);
        var table = new Table("a number of 1024×1000", "this service", "the framework", "simdjson DOM");
        var comparisons = new List<Comparison>();
        foreach (var asPython in new[] { false, true })
            AddParsing(workshop, batch, asPython, table, comparisons);
        AddFormatting(workshop.Race, batch, table, comparisons);
        return new("Numbers",
            """
            Nested arrays of normally distributed logits, one thread, time per number, measured inside each process. LossService and the
            framework (`Utf8JsonReader.GetSingle`) read into a float32 matrix, simdjson into a tape of doubles. Writing goes to one reused
            buffer; the framework uses `float.TryFormat` to UTF-8.
            """, table, comparisons);
    }

    private static void AddParsing(Workshop workshop, DrawnBatch batch, bool asPython, Table table, List<Comparison> comparisons)
    {
        var json = batch.ToJsonArray(asPython);
        using var body = new NativeBuffer((nuint)json.Length);
        json.CopyTo(new Span<byte>(body.Address, json.Length));
        using var elements = new NativeBuffer();
        var floats = new float[Count];

        var work = asPython ? "reading, as Python writes them" : "reading, shortest digits";
        var ours = Contender.Timed("own", () =>
        {
            if (!NumberArrayReader.TryRead<Float32Element>(body.Address, body.Address + json.Length, elements, new(1, 0),
                out _)) throw new InvalidDataException();
        });
        var framework = Contender.Timed("Utf8JsonReader", () => ReadWithFramework(json, floats));
        using var simdjson = StartSimdjson(workshop);
        var file = workshop.Write($"{(asPython ? "python" : "shortest")}.json", json);
        var times = simdjson is null
            ? [.. workshop.Race.Run(ours, framework), double.NaN]
            : workshop.Race.Run(ours, framework, simdjson.On("simdjson", file));
        if (!floats.AsSpan().SequenceEqual(new ReadOnlySpan<float>(elements.Address,
            Count))) throw new InvalidOperationException("the readers disagree");

        table.Rows.Add([$"{work} ({Quantity.Bytes(json.Length)})", .. times
            .Select(time => $"{Quantity.Time(time / Count)} ({Quantity.Speed(json.Length / time)})")]);
        if (simdjson is null) comparisons.Add(Comparison.Skipped(work, "simdjson DOM", "g++ or libsimdjson-dev is not installed"));
        else comparisons.Add(Comparison.Faster(work, times[0] / Count, "simdjson DOM", times[2] / Count, 1.5));
        comparisons.Add(Comparison.Faster(work, times[0] / Count, "Utf8JsonReader", times[1] / Count, 5));
    }

    private static void AddFormatting(Race race, DrawnBatch batch, Table table, List<Comparison> comparisons)
    {
        const string Work = "writing float32";
        var output = new ReusedBuffer();
        var times = race.Run(
            Contender.Timed("own", () =>
            {
                var writer = new NumberArrayWriter([Rows, Columns]);
                while (writer.WriteBlock<Float32Element>(MemoryMarshal.Cast<float, Float32Element>(batch.Logits), output, new(1, 0))) { }
            }),
            Contender.Timed("TryFormat", () => FormatWithFramework(batch.Logits, output.GetSpan())));
        table.Rows.Add([Work, Quantity.Time(times[0] / Count), Quantity.Time(times[1] / Count), "–"]);
        comparisons.Add(Comparison.Faster(Work, times[0] / Count, "float.TryFormat", times[1] / Count, 6));
        comparisons.Add(Comparison.AtMost(Work, Quantity.Time(times[0] / Count), "15 ns a number", times[0] / Count, 15e-9, Quantity.Time));
    }

    private static Coprocess? StartSimdjson(Workshop workshop)
    {
        var program = workshop.PathOf("simdjson_dom");
        return File.Exists(program)
            || Workshop.Run("g++",
            ["-O3", "-march=native", "-std=c++17", "-o", program, "Peers/simdjson_dom.cpp", "-lsimdjson"]) is not null
            ? new(program, [])
            : null;
    }

    private static void ReadWithFramework(byte[] json, float[] floats)
    {
        var reader = new Utf8JsonReader(json);
        var i = 0;
        while (reader.Read())
            if (reader.TokenType == JsonTokenType.Number) floats[i++] = reader.GetSingle();
    }

    private static void FormatWithFramework(float[] values, Span<byte> text)
    {
        var at = 0;
        foreach (var value in values)
        {
            value.TryFormat(text[at..], out var length, default, CultureInfo.InvariantCulture);
            text[at + length] = (byte)',';
            at += length + 1;
            if (at > text.Length - 64) at = 0;
        }
    }

    /// <summary>The same bytes again, whatever was written to them.</summary>
    private sealed class ReusedBuffer : IBufferWriter<byte>
    {
        private readonly byte[] _block = new byte[NumberArrayWriter.BlockSize];

        public void Advance(int count) { }

        public Memory<byte> GetMemory(int sizeHint = 0) => _block;

        public Span<byte> GetSpan(int sizeHint = 0) => _block;
    }
}
