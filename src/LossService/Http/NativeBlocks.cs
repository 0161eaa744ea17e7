using System.Buffers;
using LossService.Core.Tensors;

namespace LossService.Http;

/// <summary>Blocks of unmanaged memory for a pipe.</summary>
/// <param name="memory">What they are taken from; where it is used up, a block is not counted, and <see cref="IsShort"/> says so.</param>
internal sealed class NativeBlocks(MemoryBudget memory) : MemoryPool<byte>
{
    private const int MinBytes = 64 * 1024;

    private int _uncounted;
    private int _inUse;

    /// <summary>Whether blocks are in use that do not fit into the budget.</summary>
    public bool IsShort => Volatile.Read(ref _uncounted) > 0;

    /// <summary>Whether any block is in use.</summary>
    public bool AreInUse => Volatile.Read(ref _inUse) > 0;

    /// <inheritdoc/>
    public override int MaxBufferSize => int.MaxValue;

    /// <inheritdoc/>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => new Block(this, Math.Max(minBufferSize, MinBytes));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }

    private sealed unsafe class Block : MemoryManager<byte>
    {
        private readonly NativeBlocks _pool;
        private readonly NativeBuffer _buffer;
        private readonly bool _isCounted;
        private bool _isFree;

        public Block(NativeBlocks pool, int bytes)
        {
            _pool = pool;
            try
            {
                _buffer = new((nuint)bytes, pool.Memory);
                _isCounted = true;
            }
            catch (MemoryBudgetException)
            {
                _buffer = new((nuint)bytes);
                Interlocked.Increment(ref pool._uncounted);
            }
            Interlocked.Increment(ref pool._inUse);
        }

        public override Span<byte> GetSpan() => new(_buffer.Address, (int)nuint.Min(_buffer.Capacity, int.MaxValue));

        public override MemoryHandle Pin(int elementIndex = 0) => new(_buffer.Address + elementIndex);

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
            if (_isFree) return;
            _isFree = true;
            _buffer.Dispose();
            if (!_isCounted) Interlocked.Decrement(ref _pool._uncounted);
            Interlocked.Decrement(ref _pool._inUse);
        }
    }

    private MemoryBudget Memory { get; } = memory;
}
