using System.Buffers;
using LossService.Core.Tensors;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>A tensor's bytes as <see cref="Memory{T}"/>, so that a message is written without a copy.</summary>
/// <remarks>The tensor must outlive every use of the memory.</remarks>
internal sealed unsafe class TensorMemory(Tensor tensor) : MemoryManager<byte>
{
    private readonly int _length = checked((int)(tensor.Count * tensor.DType.Size()));

    /// <inheritdoc/>
    public override Span<byte> GetSpan() => new(tensor.Data, _length);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) => new(tensor.Data + elementIndex);

    /// <inheritdoc/>
    public override void Unpin() { }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) { }
}
