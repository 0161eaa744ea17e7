using System.Net;

namespace LossService.Benchmarks.Racing;

/// <summary>The binary way in: the Open Inference Protocol with binary tensors both ways.</summary>
internal static class OpenInference
{
    /// <summary>A whole POST that asks for loss and gradient.</summary>
    public static byte[] Message(DrawnBatch batch)
    {
        var (body, header) = batch.ToBinary("loss", "gradient");
        return HttpConnection.Message("/v2/models/cross_entropy/infer", body, "application/octet-stream",
            $"Inference-Header-Content-Length: {header}\r\n");
    }

    /// <summary>Whether the service has the route.</summary>
    /// <exception cref="HttpRequestException">It has, but does not score.</exception>
    public static bool IsServed(int port)
    {
        try
        {
            using var http = new HttpConnection(port);
            http.Post(Message(new(32, 10)));
            return true;
        }
        catch (HttpRequestException missing) when (missing.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }
    }
}
