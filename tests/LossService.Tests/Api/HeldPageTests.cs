using LossService.Api;
using LossService.Core.Losses;
using LossService.Tests.Shared;

namespace LossService.Tests.Api;

/// <summary>A page that is held beside one that is written for the request.</summary>
public sealed class HeldPageTests
{
    [Theory, MemberData(nameof(LossTheories.Every), MemberType = typeof(LossTheories))]
    public void For_AnyAddress_IsThePageWrittenForIt(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        var page = new HeldPage(service => LossHtml.Write(loss, service));
        foreach (var service in (string[])["http://localhost:8080", "https://a.example/behind/<&'\"+>é", ""])
            Assert.Equal(LossHtml.Write(loss, service), page.For(service));
    }

    [Fact]
    public void For_TheList_IsThePageWrittenForIt() =>
        Assert.Equal(LossesHtml.Write("http://[::1]:1"), new HeldPage(LossesHtml.Write).For("http://[::1]:1"));

    [Fact]
    public void For_SeveralRequests_IsWrittenOnce()
    {
        var written = 0;
        var page = new HeldPage(service => $"{service} {++written}");
        Assert.Equal(("a 1", "b 1"), (page.For("a"), page.For("b")));
    }
}
