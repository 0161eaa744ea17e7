using LossService.Core.Tensors;

namespace LossService.Core.Kernels;

/// <summary>Working memory of the softmax kernel: inputs, intermediate values and results of a block of rows.</summary>
/// <remarks>Each thread keeps one, so that a small batch allocates nothing; one that has grown large is not kept.</remarks>
internal sealed unsafe class SoftmaxScratch : IDisposable
{
    /// <summary>The greatest number of rows in a block.</summary>
    public const int Rows = 64;

    // a vector across two cache lines costs twice
    private const int Line = 64;

    private const int MaxKeptBytes = 1 << 20;

    [ThreadStatic]
    private static SoftmaxScratch? s_kept;

    private readonly NativeBuffer _rows = new(11 * Rows * sizeof(double) + Line);
    private NativeBuffer _numbers = new();

    /// <summary>The row's index in the batch.</summary>
    public long* Index => (long*)Column(0);

    /// <summary>The true class y.</summary>
    public int* Class => (int*)Column(1);

    /// <summary>The smallest logit.</summary>
    public double* Min => Column(2);

    /// <summary>The largest logit, m.</summary>
    public double* Max => Column(3);

    /// <summary>The logit of the true class, z_y.</summary>
    public double* Label => Column(4);

    /// <summary>The sample's weight times its class's weight.</summary>
    public double* Weight => Column(5);

    /// <summary>s = Σ e_c − 1.</summary>
    public double* Rest => Column(6);

    /// <summary>The weighted loss.</summary>
    public double* Loss => Column(7);

    /// <summary>The rounding error of <see cref="Loss"/>.</summary>
    public double* Low => Column(8);

    /// <summary>scale/(1 + s).</summary>
    public double* Part => Column(9);

    /// <summary>e_y, then scale·(1 − p_y).</summary>
    public double* Missing => Column(10);

    /// <summary>Takes this thread's scratch, or a new one, until <see cref="Dispose"/> returns it.</summary>
    public static SoftmaxScratch Rent()
    {
        var scratch = s_kept ?? new();
        s_kept = null;
        return scratch;
    }

    /// <summary>Memory for <paramref name="count"/> numbers, the exponentials first, at the start of a cache line.</summary>
    /// <exception cref="MemoryBudgetException">The budget, which counts what the thread does not keep, has not enough left.</exception>
    public double* Reserve(nuint count, MemoryBudget? budget)
    {
        var bytes = count * sizeof(double) + Line;
        if (bytes > MaxKeptBytes && _numbers.Capacity < bytes)
        {
            _numbers.Dispose();
            _numbers = new(bytes, budget);
        }
        _numbers.Reserve(bytes);
        return (double*)Aligned(_numbers.Address);
    }

    /// <summary>Returns the scratch to the thread.</summary>
    public void Dispose()
    {
        if (_numbers.Capacity > MaxKeptBytes)
        {
            _numbers.Dispose();
            _numbers = new();
        }
        s_kept = this;
    }

    private double* Column(int i) => (double*)Aligned(_rows.Address) + i * Rows;

    private static byte* Aligned(byte* address) => (byte*)(((nuint)address + Line - 1) & ~(nuint)(Line - 1));
}
