using System.Text.Json;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Http;
using LossService.Tests.Support;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LossService.Tests.Formats.OpenInference;

/// <summary>Health and metadata, whose bodies the protocol prescribes.</summary>
public sealed class OipPagesTests(TestService service)
{
    private readonly OipClient _oip = new(service);

    [Theory]
    [InlineData("/v2/health/live", """{"live":true}""")]
    [InlineData("/v2/health/ready", """{"ready":true}""")]
    [InlineData("/v2/models/cross_entropy/ready", """{"name":"cross_entropy","ready":true}""")]
    [InlineData("/v2/models/cross_entropy/versions/1/ready", """{"name":"cross_entropy","ready":true}""")]
    [InlineData("/v2", """{"name":"LossService","version":"1.0.0","extensions":["binary_tensor_data","model_configuration","statistics"]}""")]
    [InlineData("/v2/", """{"name":"LossService","version":"1.0.0","extensions":["binary_tensor_data","model_configuration","statistics"]}""")]
    public async Task Page_WhereAllIsWell_HasTheProtocolsBody(string path, string body)
    {
        var reply = await _oip.GetAsync(path);
        Assert.Equal((200, body), (reply.Status, reply.Text));
        Assert.Equal("application/json", reply.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Models_AreTheCatalogue() => Assert.Equal(
        LossCatalogue.All.Select(loss => loss.Name),
        (await _oip.GetAsync("/v2/models")).Json.GetProperty("models").EnumerateArray().Select(name => name.GetString()));

    [Fact]
    public async Task Metadata_OfEveryModel_NamesWhatItTakesAndGives()
    {
        foreach (var loss in LossCatalogue.All)
        {
            var page = (await _oip.GetAsync($"/v2/models/{loss.Name}/versions/1")).Json;
            Assert.Equal(loss.Name, page.GetProperty("name").GetString());
            Assert.Equal(["1"], page.GetProperty("versions").EnumerateArray().Select(version => version.GetString()));
            Assert.NotEmpty(page.GetProperty("platform").GetString()!);
            var inputs = page.GetProperty("inputs").EnumerateArray().ToDictionary(input => input.GetProperty("name").GetString()!);
            Assert.All(loss.Accepts, form => Assert.Contains(form.Name(), inputs));
            Assert.Equal(loss.Labels != LabelRule.None, inputs.ContainsKey("labels"));
            Assert.All(inputs.Values.Concat(page.GetProperty("outputs").EnumerateArray()), IsTensor);
        }
    }

    [Theory]
    [InlineData("/v2/models/cross_entrpy", "did you mean \"cross_entropy\"?")]
    [InlineData("/v2/models/cross_entrpy/ready", "did you mean \"cross_entropy\"?")]
    [InlineData("/v2/models/cross_entropy/versions/2", "its only version is 1")]
    [InlineData("/v2/models/cross_entropy/versions/2/ready", "its only version is 1")]
    [InlineData("/v2/nothing", "There is nothing at /v2/nothing")]
    public async Task Page_WhereThereIsNothing_Is404WithAnErrorString(string path, string words)
    {
        var reply = await _oip.GetAsync(path);
        Assert.Equal(404, reply.Status);
        Assert.Contains(words, reply.Json.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal("application/json", reply.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("*/*", "application/json")]
    [InlineData("application/json", "application/json")]
    [InlineData("application/problem+json, application/json", "application/problem+json")]
    public async Task Problem_WhereAcceptNamesItsMediaType_HasIt(string accept, string mediaType)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/v2/models/nothing");
        request.Headers.TryAddWithoutValidation("Accept", accept);
        Assert.Equal(mediaType, (await service.SendAsync(request)).ContentHeaders.ContentType?.MediaType);
    }

    [Fact]
    public async Task Ready_WhileStopping_Is503()
    {
        using var stopping = new TestService(settings => settings.ConfigureTestServices(services =>
            services.AddSingleton(new Readiness(new Stopped()))));
        foreach (var path in (string[])["/v2/health/ready", "/v2/models/cross_entropy/ready"])
        {
            var reply = await new OipClient(stopping).GetAsync(path);
            Assert.Equal(503, reply.Status);
            Assert.Contains("\"ready\":false", reply.Text, StringComparison.Ordinal);
        }
    }

    private static void IsTensor(JsonElement tensor)
    {
        Assert.NotEmpty(tensor.GetProperty("name").GetString()!);
        Assert.Matches("^(FP32|FP64|INT64|BOOL)$", tensor.GetProperty("datatype").GetString());
        Assert.All(tensor.GetProperty("shape").EnumerateArray(), axis => Assert.True(axis.GetInt64() is -1 or > 0));
    }

    private sealed class Stopped : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping { get; } = new(canceled: true);

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication()
        {
        }
    }
}
