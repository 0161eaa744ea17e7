using System.Net.Http.Headers;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using LossService.Formats.OpenInference.Grpc;
using LossService.Formats.OpenInference.Http;
using LossService.Tests.Support;

namespace LossService.Tests.Formats.OpenInference;

/// <summary>Speaks to the service as the protocol's clients do: over HTTP by wire forms, over gRPC by messages.</summary>
internal sealed class OipClient(TestService service)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Gets a page.</summary>
    public async Task<OipReply> GetAsync(string path) => new(await service.SendAsync(new(HttpMethod.Get, path)));

    /// <summary>Posts a wire form, by default without a Content-Type, as Triton's client does.</summary>
    public Task<OipReply> InferAsync(string model, WireForm form, string? contentType = null)
    {
        var (body, length) = form.Build();
        return PostAsync($"/v2/models/{model}/infer", body, form.HasBinary ? $"{length}" : null, contentType);
    }

    /// <summary>Posts bytes.</summary>
    public async Task<OipReply> PostAsync(
        string path, byte[] body, string? headerLength = null, string? contentType = null, string? coding = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        if (headerLength is not null) request.Headers.Add(OipHttp.HeaderLength, headerLength);
        if (contentType is not null) request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        if (coding is not null) request.Content.Headers.ContentEncoding.Add(coding);
        return new(await service.SendAsync(request));
    }

    /// <summary>Calls a method of the inference service by its official name.</summary>
    public async Task<TResponse> CallAsync<TRequest, TResponse>(string name, TRequest request, string? coding = null)
        where TRequest : class, IMessage<TRequest>, new() where TResponse : class, IMessage<TResponse>, new()
    {
        var headers = new Metadata();
        if (coding is not null) headers.Add("grpc-internal-encoding-request", coding);
        return await CallAsync<TRequest, TResponse>(service.Channel, name, request, headers);
    }

    /// <summary>Calls a method of a service at the other end of a channel.</summary>
    public static async Task<TResponse> CallAsync<TRequest, TResponse>(
        GrpcChannel channel, string name, TRequest request, Metadata headers)
        where TRequest : class, IMessage<TRequest>, new() where TResponse : class, IMessage<TResponse>, new()
    {
        var method = new Method<TRequest, TResponse>(MethodType.Unary, "inference.GRPCInferenceService", name,
            Marshallers.Create(message => message.ToByteArray(), new MessageParser<TRequest>(() => new()).ParseFrom),
            Marshallers.Create(message => message.ToByteArray(), new MessageParser<TResponse>(() => new()).ParseFrom));
        var options = new CallOptions(headers, cancellationToken: Cancellation);
        return await channel.CreateCallInvoker().AsyncUnaryCall(method, null, options, request);
    }

    /// <summary>Infers over gRPC, the message packed by a coding where one is named.</summary>
    public Task<ModelInferResponse> CallAsync(ModelInferRequest request, string? coding = null) =>
        CallAsync<ModelInferRequest, ModelInferResponse>("ModelInfer", request, coding);
}

/// <summary>An answer of the protocol over HTTP.</summary>
internal sealed class OipReply(Answer answer)
{
    public int Status => answer.Status;

    public HttpContentHeaders Headers => answer.ContentHeaders;

    /// <summary>How much of the body is JSON; null where all of it is.</summary>
    public int? HeaderLength { get; } = answer.Header(OipHttp.HeaderLength) is { } length ? int.Parse(length, null) : null;

    public byte[] Body => answer.Body;

    /// <summary>The answer as text, for a test that fails.</summary>
    public string Text => answer.Text;

    /// <summary>The JSON, without the bytes behind it.</summary>
    public JsonElement Json => field.ValueKind == JsonValueKind.Undefined ? field = Parse() : field;

    /// <summary>The numbers of an output, from wherever they stand; predictions and bins as doubles too.</summary>
    public double[] Numbers(string name)
    {
        var offset = HeaderLength ?? Body.Length;
        foreach (var output in Json.GetProperty("outputs").EnumerateArray())
        {
            var datatype = output.GetProperty("datatype").GetString()!;
            var size = output.TryGetProperty("parameters", out var parameters)
                ? parameters.GetProperty("binary_data_size").GetInt32() : 0;
            if (output.GetProperty("name").GetString() == name)
            {
                return output.TryGetProperty("data", out var data)
                    ? [.. data.EnumerateArray().Select(element => Elements.Parse(datatype, element))]
                    : Elements.Read(datatype, Body.AsSpan(offset, size));
            }
            offset += size;
        }
        throw new InvalidOperationException($"there is no output {name}");
    }

    private JsonElement Parse() => JsonDocument.Parse(Body.AsMemory(0, HeaderLength ?? Body.Length)).RootElement;
}
