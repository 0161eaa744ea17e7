using System.Text;
using LossService.Core.Tensors;
using LossService.Formats.Numbers;

namespace LossService.Tests.Formats.Numbers;

/// <summary>A text laid out as the service lays a request's body: contiguous, with slack behind it that must not matter.</summary>
internal sealed unsafe class PaddedBody : IDisposable
{
    private readonly NativeBuffer _memory;
    private readonly int _length;

    public PaddedBody(ReadOnlySpan<byte> text, byte slack = (byte)'7')
    {
        _length = text.Length;
        _memory = new((nuint)_length);
        text.CopyTo(new Span<byte>(_memory.Address, _length));
        new Span<byte>(_memory.Address + _length, NativeBuffer.Slack).Fill(slack);
    }

    public PaddedBody(string text, byte slack = (byte)'7')
        : this(Encoding.UTF8.GetBytes(text), slack)
    {
    }

    /// <summary>Reads the array at the body's start in at most that many parts; null where the reader declines.</summary>
    public (NumberArray Array, TElement[] Elements)? Read<TElement>(int parts = 1)
        where TElement : unmanaged, INumberElement<TElement>
    {
        using var elements = new NativeBuffer();
        return NumberArrayReader.TryRead<TElement>(_memory.Address, _memory.Address + _length, elements, new(parts, 0), out var array)
            ? (array, new ReadOnlySpan<TElement>(elements.Address, (int)array.Count).ToArray())
            : null;
    }

    /// <summary>Reads one number as the only element of an array; null where the reader declines.</summary>
    public static TElement? ReadOne<TElement>(string number)
        where TElement : unmanaged, INumberElement<TElement>
    {
        using var body = new PaddedBody($"[{number}]");
        return body.Read<TElement>()?.Elements.Single();
    }

    public void Dispose() => _memory.Dispose();
}
