using System.Globalization;
using System.Text;
using LossService.Http;
using LossService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Tests.Formats.Ndjson;

/// <summary>
/// Long lines, of which the next ones are read and scored while one is scored: a client gets the bytes that it gets where they are scored
/// one after the other, and the service gets back all memory and permits.
/// </summary>
public sealed class NdjsonAheadTests
{
    private const string Path = "/v1/losses/cross_entropy";
    private const string Short = """{"logits":[[1,2],[3,1]],"labels":[0,1]}""";
    private const int Permits = 2;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Lines that go ahead, in any order with those that do not, and with those that fail.</summary>
    [Fact]
    public async Task Lines_ThatGoAhead_AreAnsweredAsOneAfterTheOther()
    {
        // a line may be a 128th of the memory, so none goes ahead
        await using var plain = new TestService(host => host.UseSetting("Limits:MemoryBytes", $"{32 * 1024 * 1024}"));
        await using var service = Start();
        var (wasLow, isEnd) = (false, false);
        var permits = service.Services.GetRequiredService<Admission>();
        var watching = Task.Run(() =>
        {
            while (!Volatile.Read(ref isEnd)) wasLow |= permits.Permits.CurrentAvailablePermits == 0;
        }, Cancellation);
        for (var seed = 0; seed < 5 || (!wasLow && seed < 50 && Environment.ProcessorCount > 1); seed++)
        {
            var stream = Encoding.UTF8.GetBytes(Draw(new Random(seed)));
            var expected = await plain.PostAsync(Path, stream, "application/x-ndjson");
            var answer = await service.PostAsync(Path, stream, "application/x-ndjson");
            Assert.Equal(expected.Text, answer.Text);
            Assert.Contains("{\"summary\":{\"lines\":60,", answer.Text, StringComparison.Ordinal);
            await AssertAllIsFreeAsync(service);
        }
        Volatile.Write(ref isEnd, true);
        await watching;
        // otherwise no line was scored beside another
        Assert.Equal(Environment.ProcessorCount > 1, wasLow);
    }

    /// <summary>Each line needs more than half of the memory for its scores.</summary>
    [Fact]
    public async Task Lines_ThatDoNotFitBesideEachOther_AreScoredOneAfterTheOther()
    {
        const int Rows = 46;
        // responses that are held for the client take of the same memory
        await using var service = Start(("Limits:MemoryBytes", $"{16 * 1024 * 1024}"), ("Limits:HeldResponseBytes", "65536"));
        var losses = string.Join(',', Enumerable.Range(0, 8).Select(i => $"\"entry{i}\":{{\"loss\":\"cross_entropy\"}}"));
        const string Options = "\"dtype\":\"float64\",\"tensor_encoding\":\"base64\","
            + "\"outputs\":[\"gradient\",\"probabilities\",\"log_probabilities\"]";
        string Line(int rows) => $"{{\"logits\":[{Join(rows, $"[{Join(1000, "0")}]")}],\"labels\":[{Join(rows, "0")}],{Options},"
            + $"\"losses\":{{{losses}}}}}";
        var stream = string.Join('\n', Enumerable.Repeat(Line(Rows), 8).Prepend(Line(1)));
        for (var i = 0; i < 3; i++)
        {
            var answer = await service.PostAsync("/v1/losses", Encoding.UTF8.GetBytes(stream), "application/x-ndjson");
            Assert.DoesNotContain("\"error\"", answer.Text, StringComparison.Ordinal);
            Assert.Contains("{\"summary\":{\"lines\":9,\"failed\":0,", answer.Text, StringComparison.Ordinal);
            Assert.Contains($"\"samples\":{8 * Rows + 1}", answer.Text, StringComparison.Ordinal);
            await AssertAllIsFreeAsync(service);
        }
    }

    [Fact]
    public async Task Line_ThatGoesAhead_IsAnsweredBeforeTheNextIsSent()
    {
        await using var service = Start();
        using var client = new RawClient(service.Address);
        await client.SendAsync(Head);
        await SendChunkAsync(client, Short + "\n");
        await ReadLineAsync(client, "{\"line\":1,\"loss\"");
        for (var line = 2; line < 6; line++)
        {
            await SendChunkAsync(client, Short.PadRight(100_000) + "\n" + Short[..5]);
            await ReadLineAsync(client, $"{{\"line\":{line},\"loss\"");
            await SendChunkAsync(client, Short[5..].PadRight(200_000) + "\n");
            await ReadLineAsync(client, $"{{\"line\":{++line},\"loss\"");
        }
    }

    /// <summary>What is not read yet when a chunk is broken is lost; what is read has its response before the problem.</summary>
    [Fact]
    public async Task Stream_ThatBreaksBehindALineThatGoesAhead_AnswersIt()
    {
        await using var service = Start();
        var line = Long(new Random(1), 60, "[\"gradient\"]");
        for (var i = 0; i < 10; i++)
        {
            using var client = new RawClient(service.Address);
            await client.SendAsync(Head);
            await SendChunkAsync(client, $"{Short}\n{line}\n");
            await ReadLineAsync(client, "{\"line\":1,\"loss\"");
            await SendChunkAsync(client, $"{line}\n{Short}");
            if (i % 2 == 0) await Task.Delay(i, Cancellation);
            await client.SendAsync("no chunk\r\n");
            var answers = (await client.ReadAsync())!.Text.Split('\n').Where(text => text.StartsWith('{')).ToArray();
            Assert.StartsWith($"{{\"line\":{answers.Length + 1},\"error\":{{\"status\":400", answers[^1], StringComparison.Ordinal);
            for (var before = 0; before < answers.Length - 1; before++)
                Assert.StartsWith($"{{\"line\":{before + 2},\"gradient\"", answers[before], StringComparison.Ordinal);
            await AssertAllIsFreeAsync(service);
        }
    }

    [Fact]
    public async Task Client_ThatGoesAwayWhileLinesAreScored_LeavesNothing()
    {
        await using var service = Start();
        var memory = service.Services.GetRequiredService<Admission>().Memory;
        var line = Long(new Random(1), 400, "[\"losses\",\"gradient\"]");
        for (var i = 0; i < 12; i++)
        {
            using var client = new RawClient(service.Address);
            await client.SendAsync(Head);
            await SendChunkAsync(client, Short + "\n");
            for (var sent = 0; sent <= i % 3; sent++) await SendChunkAsync(client, line + "\n");
            await SendChunkAsync(client, line[..(i * line.Length / 12)]);
            while (memory.Used < 1_000_000) await Task.Delay(1, Cancellation);
            if (i % 2 == 0) await Task.Delay(i, Cancellation);
            client.Reset();
            await AssertAllIsFreeAsync(service);
        }
    }

    private static string Head => $"POST {Path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        + "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";

    private static TestService Start(params (string Name, string Value)[] settings) => new(host =>
    {
        host.UseSetting("Limits:ComputePermits", $"{Permits}");
        foreach (var (name, value) in settings) host.UseSetting(name, value);
    });

    /// <summary>A stream of sixty lines, most of them long, some wrong or no JSON, with blank ones between.</summary>
    private static string Draw(Random random)
    {
        var text = new StringBuilder();
        for (var i = 0; i < 60; i++)
        {
            var line = random.Next(8) switch
            {
                0 => Short,
                1 => "{\"logits\":[[1,2]],\"labels\":[7]}",
                2 => Long(random, 60, "[\"losses\"]").Replace("labels", "label", StringComparison.Ordinal),
                3 => Long(random, 60, "[\"losses\"]")[..^1],
                4 => Long(random, 60, "[\"losses\"]").Replace("\"labels\":[", "\"unit\":\"bits\",\"labels\":[", StringComparison.Ordinal),
                // few: the client reads after it has sent all, and a quarter of the memory may be held for it
                5 when i % 4 == 0 => Long(random, 60 + random.Next(30), "[\"gradient\"]"),
                _ => Long(random, 60 + random.Next(30), "[\"loss\",\"metrics\"]"),
            };
            text.Append(line).Append(random.Next(4) == 0 ? "\n\n" : "\n");
        }
        return text.ToString();
    }

    /// <summary>A line of rows of a thousand classes; with sixty rows it has more than half a megabyte.</summary>
    private static string Long(Random random, int rows, string outputs)
    {
        var numbers = Enumerable.Range(0, 1000).Select(_ => random.NextSingle().ToString("F7", CultureInfo.InvariantCulture));
        var row = $"[{string.Join(',', numbers)}]";
        return $$"""{"logits":[{{Join(rows, row)}}],"labels":[{{string.Join(',', Enumerable.Range(0, rows))}}],"outputs":{{outputs}}}""";
    }

    private static string Join(int count, string item) => string.Join(',', Enumerable.Repeat(item, count));

    private static Task SendChunkAsync(RawClient client, string text) => client.SendAsync($"{text.Length:x}\r\n{text}\r\n");

    private static async Task ReadLineAsync(RawClient client, string start)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(30));
        var text = new StringBuilder();
        while (!text.ToString().Contains(start, StringComparison.Ordinal) || !text.ToString().EndsWith("}\n", StringComparison.Ordinal))
            text.Append(await client.ReadAsync(1).WaitAsync(patience.Token));
    }

    private static async Task AssertAllIsFreeAsync(TestService service)
    {
        var admission = service.Services.GetRequiredService<Admission>();
        for (var i = 0; i < 400 && !IsFree(); i++) await Task.Delay(25, Cancellation);
        Assert.Equal((0, Permits), (admission.Memory.Used, admission.Permits.CurrentAvailablePermits));

        bool IsFree() => admission.Memory.Used == 0 && admission.Permits.CurrentAvailablePermits == Permits;
    }
}
