using System.Net.Sockets;

namespace LossService.Hosting;

/// <summary>
/// <c>LossService probe</c>: asks the service of this machine whether it is ready, and ends with exit code 0 or 1. For orchestrators that
/// run a command instead of asking a URL: the image has no shell and no other program that could.
/// </summary>
internal static class Probe
{
    /// <summary>The argument that asks for it.</summary>
    public const string Command = "probe";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Whether the arguments ask for a probe instead of the service.</summary>
    public static bool IsAsked(string[] args) => args is [Command];

    /// <summary>The exit code. Where the service is not ready, stderr has a line that says why.</summary>
    public static int Run()
    {
        // the service's own settings, so that the probe asks where it listens
        var address = LossServiceHost.CreateBuilder([]).Configuration["Kestrel:Endpoints:Http:Url"]!;
        var binding = BindingAddress.Parse(address);
        var host = binding.Host is "+" or "*" or "0.0.0.0" or "[::]" ? "localhost" : binding.Host;
        using var client = new HttpClient { Timeout = Patience };
        var url = new UriBuilder(binding.Scheme, host, binding.Port, "/readyz").Uri;
        try
        {
            using var response = client.Send(new(HttpMethod.Get, url), HttpCompletionOption.ResponseHeadersRead);
            if (response.IsSuccessStatusCode) return 0;
            Console.Error.WriteLine($"{url}: {(int)response.StatusCode}");
        }
        catch (Exception error) when (error is HttpRequestException or SocketException or OperationCanceledException)
        {
            Console.Error.WriteLine($"{url}: {error.Message}");
        }
        return 1;
    }
}
