using System.Buffers;

namespace LossService.Formats.Arrow;

/// <summary>Unmanaged memory in the form that Arrow's library takes. Its owner keeps it.</summary>
internal sealed unsafe class NativeMemory(byte* start, int length) : MemoryManager<byte>
{
    /// <inheritdoc/>
    public override Span<byte> GetSpan() => new(start, length);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) => new(start + elementIndex);

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }
}
