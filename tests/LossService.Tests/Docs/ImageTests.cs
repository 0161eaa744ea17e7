using System.Text.RegularExpressions;
using LossService.Hosting;
using LossService.Tests.Support;

namespace LossService.Tests.Docs;

/// <summary>The image says of itself what the program says.</summary>
public sealed partial class ImageTests
{
    [Fact]
    public void Version_OfTheImage_IsThatOfTheAssemblies()
    {
        var version = DefaultVersion().Match(Committed.Read("Dockerfile")).Groups[1].Value;
        Assert.Equal(typeof(LossServiceHost).Assembly.GetName().Version!.ToString(3), version);
    }

    [GeneratedRegex(@"^ARG VERSION=(\S+)$", RegexOptions.Multiline)]
    private static partial Regex DefaultVersion();
}
