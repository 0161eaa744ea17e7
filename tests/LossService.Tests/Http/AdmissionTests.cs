using System.Text;
using LossService.Http;
using LossService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Tests.Http;

/// <summary>What does not fit now is refused unread, with a word on when to try again; what waits too long ends with a 504.</summary>
public sealed class AdmissionTests : IDisposable
{
    private const string Path = "/v1/losses/cross_entropy";
    private const long Budget = 4 * 1024 * 1024;

    private readonly TestService _service = new(host => host
        .UseSetting("Limits:MemoryBytes", $"{Budget}")
        .UseSetting("Limits:ComputePermits", "1")
        .UseSetting("Limits:ComputeQueue", "1")
        .UseSetting("Limits:ComputeSeconds", "1"));

    private Admission Admission => _service.Services.GetRequiredService<Admission>();

    private static string Padded(int length) => """{"logits":[[1,2]],"labels":[0]}""".PadRight(length);

    [Fact]
    public async Task Body_ThatDoesNotFitNow_IsRefusedUnread()
    {
        Admission.Memory.Take(Budget - 1024);
        await AssertRefusedUnreadAsync(1_000_000, "(Limits:MemoryBytes) is in use by others");
        Admission.Memory.Return(Budget - 1024);
        Assert.Equal(200, (await _service.PostAsync(Path, Padded(1_000_000))).Status);
    }

    [Fact]
    public async Task Body_ThatLeavesNoRoomForItsTensors_IsRefusedUnread()
    {
        Admission.Memory.Take(Budget / 2);
        await AssertRefusedUnreadAsync(1_100_000, "(Limits:MemoryBytes) is in use by others");
        Assert.Equal(200, (await _service.PostAsync(Path, Padded(900_000))).Status);
        Admission.Memory.Return(Budget / 4);
        Assert.Equal(200, (await _service.PostAsync(Path, Padded(2_500_000))).Status);
        Assert.Equal(Budget / 4, Admission.Memory.Used);
    }

    [Fact]
    public async Task Body_ThatNeverFits_IsTooLarge()
    {
        var answer = await _service.PostAsync(Path, Padded(5 * 1024 * 1024));
        var problem = answer.IsProblem(413, "payload-too-large");
        Assert.Equal(Budget, problem.GetProperty("limit_bytes").GetInt64());
        Assert.Contains("more than the limit of 4194304 (Limits:MemoryBytes)", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_WithoutALength_IsRefusedWhereItGrowsTooLarge()
    {
        Admission.Memory.Take(Budget / 2);
        var answer = await _service.SendAsync(new(HttpMethod.Post, Path)
        {
            Content = new StreamContent(new Endless(Padded(3 * 1024 * 1024))) { Headers = { ContentType = new("application/json") } },
        });
        answer.IsProblem(429, "overloaded");
        Assert.Equal("1", answer.Header("Retry-After"));
    }

    [Fact]
    public async Task Body_BehindAFullQueue_IsRefusedUnread_AndSmallOnesAreServed()
    {
        var (held, _) = await EnterAsync();
        var waiting = EnterAsync();
        await AssertRefusedUnreadAsync(100_000, "Too many requests wait to be scored (Limits:ComputeQueue)");
        Assert.Equal(200, (await _service.PostAsync(Path, Padded(1000))).Status);
        Assert.Equal(200, (await _service.SendAsync(new(HttpMethod.Get, "/livez"))).Status);
        held.Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            var (next, _) = await waiting;
            using (next) await Task.Delay(Timeout.Infinite, next.Token);
        });
        Assert.Equal(200, (await _service.PostAsync(Path, Padded(100_000))).Status);
    }

    [Fact]
    public async Task Body_ThatWaitsPastTheDeadline_TimesOut()
    {
        var (held, _) = await EnterAsync();
        using (held)
        {
            var answer = await _service.PostAsync(Path, Padded(100_000));
            answer.IsProblem(504, "timeout");
            Assert.Contains("within 1 seconds (Limits:ComputeSeconds)", answer.Text, StringComparison.Ordinal);
        }
        Assert.Equal(0, Admission.Memory.Used);
    }

    [Fact]
    public async Task Line_OfAStream_IsRefusedAlone()
    {
        var (held, _) = await EnterAsync();
        using (held)
        {
            var lines = $"{Padded(100)}\n{Padded(100_000)}\n{Padded(100)}\n";
            var answer = await _service.PostAsync(Path, Encoding.UTF8.GetBytes(lines), "application/x-ndjson");
            var written = answer.Text.Split('\n');
            Assert.StartsWith("{\"line\":1,\"loss\"", written[0], StringComparison.Ordinal);
            Assert.Contains("\"type\":\"timeout\"", written[1], StringComparison.Ordinal);
            Assert.StartsWith("{\"line\":3,\"loss\"", written[2], StringComparison.Ordinal);
            Assert.Contains("\"failed\":1", written[3], StringComparison.Ordinal);
        }
    }

    public void Dispose() => _service.Dispose();

    private async Task<(ComputeTurn Turn, bool IsEntered)> EnterAsync()
    {
        var entered = await Admission.EnterAsync(1_000_000, isOfSeveral: false, CancellationToken.None);
        Assert.True(entered.TryGet(out var turn, out _));
        return (turn, true);
    }

    /// <summary>No byte of the body is sent, and still there is an answer.</summary>
    private async Task AssertRefusedUnreadAsync(int length, string words)
    {
        using var client = new RawClient(_service.Address);
        await client.SendAsync($"POST {Path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
        var answer = await client.ReadAsync();
        Assert.Equal(429, answer!.Status);
        Assert.Contains("Retry-After: 1\r\n", answer.Text, StringComparison.Ordinal);
        Assert.Contains("Connection: close\r\n", answer.Text, StringComparison.Ordinal);
        Assert.Contains(words, answer.Text, StringComparison.Ordinal);
    }

    /// <summary>A stream that does not tell its length, so that the client must send it in chunks.</summary>
    private sealed class Endless(string text) : MemoryStream(Encoding.ASCII.GetBytes(text))
    {
        public override bool CanSeek => false;
    }
}
