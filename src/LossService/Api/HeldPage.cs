namespace LossService.Api;

/// <summary>
/// A page for a browser, made at the first request and held: requests differ only in the address of the service that they have reached.
/// </summary>
/// <param name="write">Writes the page for a service at an address.</param>
internal sealed class HeldPage(Func<string, string> write)
{
    private const string Anywhere = "http://service.invalid";

    private readonly Lazy<string[]> _parts = new(() => write(Anywhere).Split(HtmlPage.Text(Anywhere)));

    /// <summary>The page for a service at an address.</summary>
    public string For(string service) => string.Join(HtmlPage.Text(service), _parts.Value);
}
