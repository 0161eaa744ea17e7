using System.Net.Mime;

namespace LossService.Formats.OpenInference.Http;

/// <summary>The protocol's names in HTTP.</summary>
internal static class OipHttp
{
    /// <summary>The path that all routes of the protocol are under.</summary>
    public const string Path = "/v2";

    /// <summary>The header with the number of bytes of a body that are JSON; without it, all are.</summary>
    public const string HeaderLength = "Inference-Header-Content-Length";

    /// <summary>The media type of a body that is all JSON.</summary>
    public const string Json = MediaTypeNames.Application.Json;

    /// <summary>The media type of a body in which tensors follow the JSON.</summary>
    public const string Binary = MediaTypeNames.Application.Octet;
}
