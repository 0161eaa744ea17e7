using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(LossService.Tests.Playground.Browser))]

namespace LossService.Tests.Playground;

/// <summary>Debian's Chromium, started once for all tests of the playground, where it is installed.</summary>
public sealed class Browser : IAsyncDisposable
{
    private const string Program = "/usr/bin/chromium";

    private readonly Lazy<Task<(IPlaywright Driver, IBrowser Chromium)>> _started = new(StartAsync);

    /// <summary>Opens the playground of a service; skips the test where no browser is installed.</summary>
    /// <param name="address">The address of the page, to the root of the service or below it.</param>
    /// <param name="options">Size, colours and the like.</param>
    /// <param name="route">What stands between the browser and the service; nothing by default.</param>
    internal async Task<OpenPage> OpenAsync(Uri address, BrowserNewContextOptions? options = null, Func<IRoute, Task>? route = null)
    {
        Assert.SkipUnless(File.Exists(Program), $"there is no {Program}: apt-get install chromium");
        var (_, chromium) = await _started.Value;
        var context = await chromium.NewContextAsync(options);
        if (route is not null) await context.RouteAsync("**/*", route);
        return await OpenPage.OpenAsync(context, address);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_started.IsValueCreated) return;
        var (driver, chromium) = await _started.Value;
        await chromium.DisposeAsync();
        driver.Dispose();
    }

    private static async Task<(IPlaywright Driver, IBrowser Chromium)> StartAsync()
    {
        var driver = await Microsoft.Playwright.Playwright.CreateAsync();
        // CI runs as root, for whom Chromium has no sandbox
        return (driver, await driver.Chromium.LaunchAsync(new() { ExecutablePath = Program, Args = ["--no-sandbox"] }));
    }
}
