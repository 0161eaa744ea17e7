using System.Globalization;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json;
using LossService.Benchmarks.Peers;
using LossService.Benchmarks.Racing;
using LossService.Benchmarks.Report;
using LossService.Client;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Benchmarks.Chapters;

/// <summary>How long one large batch takes from each language: the table of tests/clients/README.md.</summary>
internal static class Stacks
{
    private const int Rows = 1024;
    private const int Classes = 1000;

    private static readonly string[] Outputs = ["loss", "gradient"];
    private static readonly string Clients = Path.Combine(Workshop.Repository, "tests", "clients");

    public static Chapter Measure(Workshop workshop)
    {
        using var server = Server.Start(workshop.LossService);
        server.WarmUp();
        var batch = new DrawnBatch(Rows, Classes);
        var json = batch.ToJson(Outputs);
        var (binary, jsonLength) = batch.ToBinary(Outputs);
        var expected = server.Loss(json);
        var logits = workshop.Write("logits", MemoryMarshal.AsBytes<float>(batch.Logits));
        var labels = workshop.Write("labels", MemoryMarshal.AsBytes<long>(batch.Labels));
        // gRPC is at the port after that of HTTP
        string[] where = [$"{server.Port}", $"{server.Port + 1}", $"{Rows}", $"{Classes}", logits, labels];

        using var provider = AddClient(server.Port).BuildServiceProvider();
        using var http = new HttpClient { BaseAddress = new($"http://127.0.0.1:{server.Port}") };
        var programs = new List<Coprocess>();
        (string Language, string Way, Contender? Contender)[] ways =
        [
            ("Python", "`requests`, JSON", InPython("requests-json")),
            ("Python", "`urllib`, JSON", InPython("urllib-json")),
            ("Python", "`requests`, base64 in JSON", InPython("requests-base64")),
            ("Python", "`urllib`, OIP binary", InPython("urllib-binary")),
            ("Python", "tritonclient, HTTP", InPython("tritonclient-http")),
            ("Python", "tritonclient, gRPC", InPython("tritonclient-grpc")),
            ("C#", "LossService.Client", Contender.Timed("client", () => Score(provider.GetRequiredService<LossClient>(), batch))),
            ("C#", "`PostAsJsonAsync`, JSON", Contender.Timed("json", PostAsJson(http, batch))),
            ("TypeScript (node)", "`fetch`, JSON", InNode("fetch-json")),
            ("TypeScript (node)", "`fetch`, OIP binary", InNode("fetch-binary")),
            ("TypeScript (node)", "grpc-js, raw contents", InNode("grpc-raw")),
            ("curl", "JSON from a file", ByCurl("/v1/losses/cross_entropy", workshop.Write("batch.json", json),
                "Content-Type: application/json")),
            ("curl", "OIP binary from a file", ByCurl("/v2/models/cross_entropy/infer", workshop.Write("batch.bin", binary),
                $"Inference-Header-Content-Length: {jsonLength}")),
        ];
        var times = workshop.Race.Run([.. ways.Select(way => way.Contender).OfType<Contender>()]);
        foreach (var program in programs) program.Dispose();

        var table = new Table("from", "by", "median");
        var next = 0;
        foreach (var (language, way, contender) in ways)
            table.Rows.Add([language, way, contender is null ? "not installed" : Quantity.Time(times[next++])]);
        return new("From each language",
            """
            Cross-entropy of 1024×1000 float32 logits, loss and gradient: from arrays of the language to the gradient in one, on a connection
            that is kept. curl sends a file that was made before and drops the answer.
            """, table);

        Contender? InPython(string way) => Start(ServerKind.Python, ["timing.py", way, .. where], way);
        Contender? InNode(string way) => Start("node", ["timing.mjs", way, .. where], way);

        Contender? Start(string program, string[] arguments, string way)
        {
            if (!Workshop.IsInstalled(program)) return null;
            var started = new Coprocess(program, [Path.Combine(Clients, arguments[0]), .. arguments[1..]]);
            try
            {
                Agreement.Check(expected, way, started.Ask("").Result);
                programs.Add(started);
                return started.On(way, "");
            }
            catch (IOException)
            {
                // it has ended: a package is missing, as it has said
                started.Dispose();
                return null;
            }
        }

        Contender? ByCurl(string path, string file, string header) => !Workshop.IsInstalled("curl") ? null : new("curl", () => double.Parse(
            Workshop.Run("curl",
            [
                "-sS", "-f", "-o", "/dev/null", "-w", "%{time_total}", "--data-binary", "@" + file, "-H", header,
                $"http://127.0.0.1:{server.Port}{path}",
            ]) ?? throw new InvalidOperationException("curl failed"), CultureInfo.InvariantCulture));
    }

    private static ServiceCollection AddClient(int port)
    {
        var services = new ServiceCollection();
        services.AddLossClient(new($"http://127.0.0.1:{port}"));
        return services;
    }

    private static void Score(LossClient client, DrawnBatch batch) => client.ScoreAsync(LossNames.CrossEntropy, new LossBatch
    {
        Logits = LossTensor.Of(batch.Logits, Rows, Classes),
        Labels = batch.Labels,
        Outputs = LossOutputs.Loss | LossOutputs.Gradient,
    }).GetAwaiter().GetResult().Gradient.ToTensor<float>();

    private static Action PostAsJson(HttpClient http, DrawnBatch batch)
    {
        var logits = batch.Logits.Chunk(Classes).ToArray();
        return () => PostAsync().GetAwaiter().GetResult();

        async Task<float[][]> PostAsync()
        {
            using var response = await http.PostAsJsonAsync("/v1/losses/cross_entropy",
                new { logits, labels = batch.Labels, outputs = Outputs });
            var scores = await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>();
            return scores.GetProperty("gradient").Deserialize<float[][]>()!;
        }
    }
}
