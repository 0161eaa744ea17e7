using System.Text;
using LossService.Core.Tensors;
using LossService.Formats.Numbers;

namespace LossService.Tests.Formats.Numbers;

/// <summary>A text laid out as the service lays a request's body: contiguous, with slack behind it that must not matter.</summary>
internal sealed unsafe class PaddedBody : IDisposable
{
    private readonly NativeBuffer memory;
    private readonly int length;

    public PaddedBody(ReadOnlySpan<byte> text, byte slack = (byte)'7')
    {
        length = text.Length;
        memory = new((nuint)length);
        text.CopyTo(new Span<byte>(memory.Address, length));
        new Span<byte>(memory.Address + length, NativeBuffer.Slack).Fill(slack);
    }

    public PaddedBody(string text, byte slack = (byte)'7')
        : this(Encoding.UTF8.GetBytes(text), slack)
    {
    }

    /// <summary>Reads the array at the body's start in so many stretches at most; null where the reader declines.</summary>
    public (NumberArray Array, TElement[] Elements)? Read<TElement>(int stretches = 1)
        where TElement : unmanaged, IElement<TElement>
    {
        using var elements = new NativeBuffer();
        return NumberArrayReader.TryRead<TElement>(memory.Address, memory.Address + length, elements, new(stretches, 0), out var array)
            ? (array, new ReadOnlySpan<TElement>(elements.Address, (int)array.Count).ToArray())
            : null;
    }

    /// <summary>Reads one number as the only element of an array; null where the reader declines.</summary>
    public static TElement? ReadOne<TElement>(string number)
        where TElement : unmanaged, IElement<TElement>
    {
        using var body = new PaddedBody($"[{number}]");
        return body.Read<TElement>()?.Elements.Single();
    }

    public void Dispose() => memory.Dispose();
}
