using LossService.Hosting.Settings;
using LossService.Problems;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.Extensions.Primitives;

namespace LossService.Hosting;

/// <summary>
/// The names under which the service answers. One that only this machine can reach answers to this machine's names: otherwise a web
/// page whose name is made to resolve to 127.0.0.1 (DNS rebinding) could read it.
/// </summary>
internal static class HostNames
{
    private const string Any = "*";

    private static readonly string[] ThisMachine = ["localhost", "127.0.0.1", "[::1]"];

    /// <summary>Turns the framework's own filter off, whose refusals are pages of HTML.</summary>
    public static void AddHostNames(this WebApplicationBuilder builder) =>
        builder.Services.Configure<HostFilteringOptions>(filter => filter.AllowedHosts = [Any]);

    /// <summary>Refuses requests for another host.</summary>
    public static void UseHostNames(this WebApplication app, ServiceSettings settings)
    {
        var names = Find(settings);
        if (names.Contains(Any)) return;
        StringSegment[] allowed = [.. names.Select(name => new StringSegment(name))];
        var listed = string.Join(", ", names);
        app.Use((context, next) =>
        {
            // only HTTP/1.0 comes without a host, and no browser speaks that
            var host = context.Request.Host;
            return !host.HasValue || HostString.MatchesAny(host.Host, allowed) ? next(context)
                : context.RefuseAsync(ProblemTypes.BadRequest(
                    StatusCodes.Status400BadRequest,
                    $"The host is {ClientText.Quote(host.Host)}; this service answers to {listed}. The setting AllowedHosts adds names."));
        });
    }

    private static string[] Find(ServiceSettings settings) =>
        !string.IsNullOrEmpty(settings.AllowedHosts) ? SettingList.Split(settings.AllowedHosts)
        : settings.Kestrel.IsLoopback
            ? [.. ThisMachine.Union(settings.Kestrel.Endpoints.Values.Select(endpoint => new Uri(endpoint.Url!).Host))]
        : [Any];
}
