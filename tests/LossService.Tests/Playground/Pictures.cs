using System.Globalization;
using LossService.Tests.Support;
using Microsoft.Playwright;

namespace LossService.Tests.Playground;

/// <summary>By hand: pictures of the views to look at, and how long the page takes.</summary>
public sealed class Pictures(TestService service, Browser browser)
{
    private const int Drags = 200;

    private static readonly string Folder = Environment.GetEnvironmentVariable("PICTURES") ?? Path.GetTempPath();

    [Theory(Explicit = true)]
    [InlineData("", "sample")]
    [InlineData("#view=beside", "beside")]
    [InlineData("#view=distributions", "distributions")]
    [InlineData("#view=batch", "batch")]
    public async Task View_InLightAndDarkAndOnAPhone_IsDrawn(string hash, string name)
    {
        await DrawAsync(hash, $"{name}.png", 1200, 760, ColorScheme.Light);
        await DrawAsync(hash, $"{name}-dark.png", 1200, 760, ColorScheme.Dark);
        await DrawAsync(hash, $"{name}-phone.png", 360, 740, ColorScheme.Light);
    }

    [Fact(Explicit = true)]
    public async Task Page_FromLoadToPicture_TakesThisLong()
    {
        var loads = new List<double>();
        for (var i = 0; i < 10; i++)
        {
            await using var page = await (await browser.OpenAsync(service.Address)).DrawnAsync();
            loads.Add(await page.Page.EvaluateAsync<double>("() => performance.getEntriesByName('drawn')[0].startTime"));
        }
        Describe("load to first picture", loads);
    }

    [Theory(Explicit = true)]
    [InlineData("", "[aria-label='Score of cat']")]
    [InlineData("", "[aria-label='Score of dog']")]
    [InlineData("#view=beside", "#beside-z")]
    [InlineData("#view=distributions", "[aria-label='P of cat']")]
    [InlineData("#view=batch", "#temperature")]
    public async Task Page_FromDragToPicture_TakesThisLong(string hash, string dragged)
    {
        await using var page = await (await browser.OpenAsync(new(service.Address, hash))).DrawnAsync();
        var drags = await page.Page.EvaluateAsync<double[]>(
            """
            async ([count, dragged]) => {
              const range = document.querySelector(dragged);
              const [low, high] = [Number(range.min), Number(range.max)];
              const frame = () => new Promise(requestAnimationFrame);
              const times = [];
              for (let step = 0; step < count; step++) {
                await frame();
                const before = document.body.dataset.drawn;
                const start = performance.now();
                range.value = low + (high - low) * (0.5 + 0.45 * Math.sin(step / 20));
                range.dispatchEvent(new Event("input", { bubbles: true }));
                while (document.body.dataset.drawn === before) await new Promise(go => setTimeout(go, 0));
                await frame();
                times.push(performance.now() - start);
              }
              return times;
            }
            """, new object[] { Drags, dragged });
        Describe($"drag of {dragged} to picture", drags);
    }

    private static void Describe(string what, IEnumerable<double> times)
    {
        var sorted = times.Order().ToArray();
        var (median, p95) = (sorted[sorted.Length / 2], sorted[(int)(sorted.Length * 0.95)]);
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{what}: median {median:0.0} ms, p95 {p95:0.0} ms, most {sorted[^1]:0.0} ms"));
    }

    private async Task DrawAsync(string hash, string file, int width, int height, ColorScheme scheme)
    {
        var options = new BrowserNewContextOptions { ViewportSize = new() { Width = width, Height = height }, ColorScheme = scheme };
        await using var page = await (await browser.OpenAsync(new(service.Address, hash), options)).DrawnAsync();
        await page.Page.ScreenshotAsync(new() { Path = Path.Combine(Folder, file) });
    }
}
