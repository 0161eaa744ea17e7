using System.IO.Pipelines;
using LossService.Core.Tensors;

namespace LossService.Http;

/// <summary>Holds what is written in one block of unmanaged memory, for text whose length must be known before it is sent.</summary>
/// <param name="memory">What the block is taken from; null = not counted.</param>
internal sealed class NativeWriter(MemoryBudget? memory) : PipeWriter, IDisposable
{
    private const int MinRoom = 4096;

    private readonly NativeBuffer _buffer = new(MinRoom, memory);

    /// <summary>The bytes written.</summary>
    public long Length { get; private set; }

    /// <summary>A part of what was written.</summary>
    public unsafe ReadOnlySpan<byte> Slice(long start, int length) => new(_buffer.Address + start, length);

    /// <inheritdoc/>
    /// <exception cref="MemoryBudgetException">There is no room, now or ever.</exception>
    public override unsafe Span<byte> GetSpan(int sizeHint = 0)
    {
        _buffer.Reserve((nuint)(Length + Math.Max(sizeHint, MinRoom)));
        return new(_buffer.Address + Length, (int)nuint.Min(_buffer.Capacity - (nuint)Length, int.MaxValue));
    }

    /// <inheritdoc/>
    public override void Advance(int bytes) => Length += bytes;

    /// <summary>Does nothing: all is held.</summary>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(new FlushResult(isCanceled: false, isCompleted: false));
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    /// <summary>Not available: the block moves when it grows, and spans are all that its writers ask for.</summary>
    public override Memory<byte> GetMemory(int sizeHint = 0) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void CancelPendingFlush()
    {
    }

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
    }
}
