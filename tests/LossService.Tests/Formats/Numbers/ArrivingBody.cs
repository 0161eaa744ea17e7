using LossService.Core.Tensors;
using LossService.Http;

namespace LossService.Tests.Formats.Numbers;

/// <summary>
/// A text that arrives in pieces, as a request's body does; what has not arrived, and what is behind it, must not matter.
/// </summary>
internal sealed unsafe class ArrivingBody : IDisposable
{
    private readonly byte[] _text;

    public ArrivingBody(byte[] text, byte slack)
    {
        _text = text;
        Body = new(text.Length);
        new Span<byte>(Body.Start, text.Length + NativeBuffer.Slack).Fill(slack);
    }

    /// <summary>What has arrived.</summary>
    public RequestBody Body { get; }

    public bool IsWhole => Body.Span.Length == _text.Length;

    public void Append(int bytes) =>
        Body.Append(_text.AsSpan(Body.Span.Length, Math.Min(bytes, _text.Length - Body.Span.Length)));

    public void Dispose() => Body.Dispose();
}
