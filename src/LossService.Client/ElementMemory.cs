using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace LossService.Client;

/// <summary>The bytes of elements that stand in memory or in a tensor, since a connection takes bytes.</summary>
internal sealed unsafe class ElementMemory<T> : MemoryManager<byte> where T : unmanaged
{
    private readonly ReadOnlyMemory<T> _elements;
    private readonly Tensor<T>? _tensor;

    /// <summary>Those of memory.</summary>
    public ElementMemory(ReadOnlyMemory<T> elements) => _elements = elements;

    /// <summary>Those of a dense tensor.</summary>
    public ElementMemory(Tensor<T> tensor) => _tensor = tensor;

    /// <inheritdoc/>
    public override Span<byte> GetSpan() => MemoryMarshal.AsBytes(_tensor is null
        ? MemoryMarshal.AsMemory(_elements).Span
        : _tensor.GetSpan(new nint[_tensor.Rank], checked((int)_tensor.FlattenedLength)));

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        var pinned = new Pinned(_tensor?.GetPinnedHandle() ?? _elements.Pin());
        return new(pinned.Address + elementIndex, default, pinned);
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
        // a handle unpins what it pinned
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // the elements are the caller's
    }

    private sealed class Pinned(MemoryHandle handle) : IPinnable
    {
        private MemoryHandle _handle = handle;

        public byte* Address => (byte*)_handle.Pointer;

        public MemoryHandle Pin(int elementIndex) => throw new NotSupportedException();

        public void Unpin() => _handle.Dispose();
    }
}
