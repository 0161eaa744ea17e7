using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using LossService.Formats.OpenInference.Grpc;
using LossService.Formats.OpenInference.Http;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;

namespace LossService.Tests.Formats.OpenInference;

/// <summary>The service in memory, spoken to as the protocol's clients do: over HTTP by wire forms, over gRPC by messages.</summary>
public sealed class OipHost : WebApplicationFactory<Program>
{
    private readonly (string Key, string Value)[] _settings;
    private readonly Lazy<HttpClient> _http;
    private readonly Lazy<GrpcChannel> _channel;

    /// <summary>The service with the settings it ships with.</summary>
    public OipHost() : this([])
    {
    }

    internal OipHost(params (string Key, string Value)[] settings)
    {
        _settings = settings;
        _http = new(() => CreateClient());
        _channel = new(() => GrpcChannel.ForAddress(Server.BaseAddress, new() { HttpHandler = Server.CreateHandler(), MaxReceiveMessageSize = null }));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A channel to the service's gRPC.</summary>
    internal ChannelBase Channel => _channel.Value;

    /// <summary>Gets a page.</summary>
    internal async Task<OipReply> GetAsync(string path) => await ReadAsync(await _http.Value.GetAsync(path, Cancellation));

    /// <summary>Posts a wire form, by default without a Content-Type, as Triton's client does.</summary>
    internal Task<OipReply> InferAsync(string model, WireForm form, string? contentType = null)
    {
        var (body, length) = form.Build();
        return PostAsync($"/v2/models/{model}/infer", body, form.HasBinary ? $"{length}" : null, contentType);
    }

    /// <summary>Posts bytes.</summary>
    internal async Task<OipReply> PostAsync(string path, byte[] body, string? headerLength = null, string? contentType = null, string? coding = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        if (headerLength is not null) request.Headers.Add(OipHttp.HeaderLength, headerLength);
        if (contentType is not null) request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        if (coding is not null) request.Content.Headers.ContentEncoding.Add(coding);
        return await ReadAsync(await _http.Value.SendAsync(request, Cancellation));
    }

    /// <summary>Calls a method of the inference service by its official name.</summary>
    internal async Task<TResponse> CallAsync<TRequest, TResponse>(string name, TRequest request, string? coding = null)
        where TRequest : class, IMessage<TRequest>, new() where TResponse : class, IMessage<TResponse>, new()
    {
        var method = new Method<TRequest, TResponse>(MethodType.Unary, "inference.GRPCInferenceService", name,
            Marshallers.Create(message => message.ToByteArray(), new MessageParser<TRequest>(() => new()).ParseFrom),
            Marshallers.Create(message => message.ToByteArray(), new MessageParser<TResponse>(() => new()).ParseFrom));
        var headers = new Metadata();
        if (coding is not null) headers.Add("grpc-internal-encoding-request", coding);
        return await Channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(headers, cancellationToken: Cancellation), request);
    }

    /// <summary>Infers over gRPC, the message packed by a coding where one is named.</summary>
    internal Task<ModelInferResponse> CallAsync(ModelInferRequest request, string? coding = null) =>
        CallAsync<ModelInferRequest, ModelInferResponse>("ModelInfer", request, coding);

    /// <inheritdoc/>
    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseEnvironment("Production");
        builder.UseSetting("Serilog:MinimumLevel:Default", "Fatal");
        foreach (var (key, value) in _settings) builder.UseSetting(key, value);
    }

    private static async Task<OipReply> ReadAsync(HttpResponseMessage response)
    {
        using (response)
        {
            var body = await response.Content.ReadAsByteArrayAsync(Cancellation);
            var length = response.Headers.TryGetValues(OipHttp.HeaderLength, out var values) ? int.Parse(values.Single(), null) : (int?)null;
            return new((int)response.StatusCode, response.Content.Headers, length, body);
        }
    }
}

/// <summary>An answer of the protocol over HTTP.</summary>
internal sealed record OipReply(int Status, HttpContentHeaders Headers, int? HeaderLength, byte[] Body)
{
    /// <summary>The JSON, without the bytes behind it.</summary>
    public JsonElement Json { get; } = JsonDocument.Parse(Header(Body, HeaderLength)).RootElement;

    /// <summary>The answer as text, for a test that fails.</summary>
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>The numbers of an output, from wherever they stand; predictions and bins as doubles too.</summary>
    public double[] Numbers(string name)
    {
        var offset = HeaderLength ?? Body.Length;
        foreach (var output in Json.GetProperty("outputs").EnumerateArray())
        {
            var datatype = output.GetProperty("datatype").GetString()!;
            var size = output.TryGetProperty("parameters", out var parameters) ? parameters.GetProperty("binary_data_size").GetInt32() : 0;
            if (output.GetProperty("name").GetString() == name)
                return output.TryGetProperty("data", out var data) ? [.. data.EnumerateArray().Select(element => Elements.Parse(datatype, element))] : Elements.Read(datatype, Body.AsSpan(offset, size));
            offset += size;
        }
        throw new InvalidOperationException($"there is no output {name}");
    }

    private static ReadOnlyMemory<byte> Header(byte[] body, int? length) => body.AsMemory(0, length ?? body.Length);
}
