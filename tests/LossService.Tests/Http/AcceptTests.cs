using LossService.Http;
using Microsoft.AspNetCore.Http;

namespace LossService.Tests.Http;

/// <summary>Which of several media types a response gets.</summary>
public sealed class AcceptTests
{
    private static readonly MediaType[] Offered = [new("application/json"), new("application/zip"), new("text/csv")];

    [Theory]
    [InlineData(null, "application/json")]
    [InlineData("*/*", "application/json")]
    [InlineData("nonsense", "application/json")]
    [InlineData("application/*", "application/json")]
    [InlineData("application/zip", "application/zip")]
    [InlineData("text/*", "text/csv")]
    [InlineData("application/zip, application/json", "application/json")]
    [InlineData("application/json;q=0.5, application/zip", "application/zip")]
    [InlineData("*/*;q=0.1, text/csv;q=0.2", "text/csv")]
    [InlineData("application/json;q=0, */*", "application/zip")]
    public void Accept_OfSeveralTypes_IsTheOneOfTheHighestQuality(string? accept, string expected)
    {
        Assert.True(MediaTypes.FindAccepted(Request(accept), Offered).TryGet(out var type, out _));
        Assert.Equal(expected, type.Name);
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("application/*;q=0, text/*;q=0")]
    public void Accept_OfNoneOfThem_Is406WithAllOfThem(string accept)
    {
        Assert.False(MediaTypes.FindAccepted(Request(accept), Offered).TryGet(out _, out var problem));
        Assert.Equal(406, problem.Status);
        Assert.Contains("application/json or application/zip or text/csv", problem.Detail, StringComparison.Ordinal);
    }

    private static HttpRequest Request(string? accept)
    {
        var request = new DefaultHttpContext().Request;
        if (accept is not null) request.Headers.Accept = accept;
        return request;
    }
}
