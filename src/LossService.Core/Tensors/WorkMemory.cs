using System.Buffers;
using System.Runtime.CompilerServices;

namespace LossService.Core.Tensors;

/// <summary>Doubles to compute with: few come from the array pool, many are unmanaged memory that a budget counts.</summary>
internal sealed unsafe class WorkMemory : IDisposable
{
    private const int MaxPooled = 8192;

    private readonly int _count;
    private readonly NativeBuffer? _native;
    private double[]? _pooled;

    /// <summary>Rents doubles, not initialised.</summary>
    public WorkMemory(long count, MemoryBudget? budget)
    {
        _count = checked((int)count);
        if (count <= MaxPooled) _pooled = ArrayPool<double>.Shared.Rent(_count);
        else _native = new((nuint)count * sizeof(double), budget);
    }

    /// <summary>All of them.</summary>
    public Span<double> Span
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        get => _native is null ? _pooled.AsSpan(0, _count) : new(_native.Address, _count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _native?.Dispose();
        if (_pooled is not null) ArrayPool<double>.Shared.Return(_pooled);
        _pooled = null;
    }
}
