using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Playwright;

namespace LossService.Tests.Playground;

/// <summary>
/// An open playground. When it closes, nothing may have gone wrong in it: no error in the console, which is where the browser tells of
/// what the Content-Security-Policy refuses, and no request to another host.
/// </summary>
internal sealed class OpenPage : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly Uri _root;
    private readonly ConcurrentQueue<string> _faults = new();

    private OpenPage(IBrowserContext context, IPage page, Uri root) => (_context, Page, _root) = (context, page, root);

    /// <summary>The page in the browser.</summary>
    public IPage Page { get; }

    /// <summary>Answers that the service gave with an error; each is one in the console, too.</summary>
    public int RefusalsExpected { get; set; }

    public static async Task<OpenPage> OpenAsync(IBrowserContext context, Uri address)
    {
        context.SetDefaultTimeout(60_000);
        var opened = new OpenPage(context, await context.NewPageAsync(), address);
        opened.Page.Console += (_, message) => { if (message.Type is "error" or "warning") opened._faults.Enqueue(message.Text); };
        opened.Page.PageError += (_, error) => opened._faults.Enqueue(error);
        opened.Page.Request += (_, request) =>
        {
            var url = new Uri(request.Url);
            if (url.Scheme is not ("data" or "blob") && url.Authority != address.Authority) opened._faults.Enqueue($"request to {url}");
        };
        await opened.Page.GotoAsync(address.AbsoluteUri);
        return opened;
    }

    /// <summary>An element.</summary>
    public ILocator this[string selector] => Page.Locator(selector);

    /// <summary>Waits until a view has drawn.</summary>
    public async Task<OpenPage> DrawnAsync()
    {
        try
        {
            await Page.Locator("body[data-drawn]").WaitForAsync();
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{_root} draws nothing. {string.Join('\n', _faults)}\n{await Page.Locator("body").InnerTextAsync()}");
        }
        return this;
    }

    /// <summary>Does something, and waits until the view has drawn what comes of it.</summary>
    public async Task ThenDrawnAsync(Func<Task> act)
    {
        var before = await CountAsync();
        await act();
        await Page.WaitForFunctionAsync("before => Number(document.body.dataset.drawn ?? 0) > before", before);
        await SettledAsync();
    }

    /// <summary>The text of an element.</summary>
    public async Task<string> TextAsync(string selector) => (await this[selector].TextContentAsync())!.Replace('\u00a0', ' ').Trim();

    /// <summary>The number that an element shows.</summary>
    public async Task<double> NumberAsync(string selector) => Parse(await TextAsync(selector));

    /// <summary>A number as the page writes it.</summary>
    public static double Parse(string shown) =>
        double.Parse(shown.Replace('−', '-').Replace(" %", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        var refusals = _faults.Where(fault => fault.Contains("responded with a status of 4", StringComparison.Ordinal)).ToArray();
        Assert.True(refusals.Length <= RefusalsExpected, $"{_root}: {string.Join('\n', refusals)}");
        Assert.Empty(_faults.Except(refusals));
    }

    private Task<int> CountAsync() => Page.EvaluateAsync<int>("() => Number(document.body.dataset.drawn ?? 0)");

    /// <summary>Waits until no request runs and nothing has been drawn for a while, since a drag is drawn in several steps.</summary>
    private async Task SettledAsync()
    {
        for (var seen = -1; await CountAsync() is var now && now != seen; seen = now)
        {
            await Page.WaitForTimeoutAsync(80);
            await Page.Locator("body:not([data-busy])").WaitForAsync();
        }
    }
}
