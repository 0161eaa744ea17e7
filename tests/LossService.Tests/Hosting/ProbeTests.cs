using LossService.Hosting;
using LossService.Tests.Support;

namespace LossService.Tests.Hosting;

/// <summary>The command that asks whether the service is ready, and what else orchestrators put on the command line.</summary>
public sealed class ProbeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, InlineData("127.0.0.1"), InlineData("+"), InlineData("*"), InlineData("0.0.0.0"), InlineData("localhost")]
    public async Task Probe_OfARunningService_EndsWith0(string host)
    {
        using var service = await ServiceProcess.StartAsync([], Cancellation);
        var (code, output, errors) = await ServiceProcess.RunAsync(
            [$"Kestrel__Endpoints__Http__Url=http://{host}:{service.Address.Port}"], Cancellation, Probe.Command);
        Assert.Equal((0, "", ""), (code, output, errors));
    }

    [Fact]
    public async Task Probe_WithoutAService_EndsWith1AndSaysWhere()
    {
        // a port of its own, on which nothing listens
        var (code, _, errors) = await ServiceProcess.RunAsync([], Cancellation, Probe.Command);
        Assert.Equal(1, code);
        Assert.Matches(@"^http://127\.0\.0\.1:\d+/readyz: ", errors);
    }

    [Fact]
    public async Task Start_WithTheArgumentsOfKServe_ServesWhereTheSettingsSay()
    {
        using var service = await ServiceProcess.StartAsync(
            [], AppContext.BaseDirectory, Cancellation,
            "--model_name", "loss", "--model_dir=/mnt/models", "--http_port=9999", "--workers", "1");
        var answer = await service.PostAsync("/v1/losses/cross_entropy", """{"logits":[[1,2]],"labels":[0]}"""u8.ToArray(), Cancellation);
        Assert.StartsWith("{\"loss\":", System.Text.Encoding.UTF8.GetString(answer), StringComparison.Ordinal);
    }
}
