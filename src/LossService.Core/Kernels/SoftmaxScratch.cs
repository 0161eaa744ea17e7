using LossService.Core.Tensors;

namespace LossService.Core.Kernels;

/// <summary>The working memory of <see cref="SoftmaxRows{TElement}"/>: a block's rows, what they are and what becomes of them.</summary>
/// <remarks>Each thread keeps one, so that a small batch allocates none; one that a long row has made large is not kept.</remarks>
internal sealed unsafe class SoftmaxScratch : IDisposable
{
    /// <summary>The most rows of a block.</summary>
    public const int Rows = 64;

    // a vector that lies across two cache lines costs twice
    private const int Line = 64;

    private const int MaxKeptBytes = 1 << 20;

    [ThreadStatic]
    private static SoftmaxScratch? s_kept;

    private readonly NativeBuffer _rows = new(11 * Rows * sizeof(double) + Line);
    private NativeBuffer _numbers = new();

    /// <summary>Which row of the batch.</summary>
    public long* Index => (long*)Column(0);

    /// <summary>y.</summary>
    public int* Class => (int*)Column(1);

    /// <summary>The least logit.</summary>
    public double* Min => Column(2);

    /// <summary>m.</summary>
    public double* Max => Column(3);

    /// <summary>z_y.</summary>
    public double* Label => Column(4);

    /// <summary>The sample's w.</summary>
    public double* Weight => Column(5);

    /// <summary>s.</summary>
    public double* Rest => Column(6);

    /// <summary>The weighted loss.</summary>
    public double* Loss => Column(7);

    /// <summary>What its rounding left over.</summary>
    public double* Low => Column(8);

    /// <summary>scale/(1 + s).</summary>
    public double* Part => Column(9);

    /// <summary>e_y, then scale·(1 − p_y).</summary>
    public double* Missing => Column(10);

    /// <summary>This thread's scratch, for the caller alone until it is returned.</summary>
    public static SoftmaxScratch Rent()
    {
        var scratch = s_kept ?? new();
        s_kept = null;
        return scratch;
    }

    /// <summary>Room for so many numbers, the exponentials first, at the start of a cache line.</summary>
    public double* Reserve(nuint count)
    {
        _numbers.Reserve(count * sizeof(double) + Line);
        return (double*)Aligned(_numbers.Address);
    }

    /// <summary>Gives it back to the thread.</summary>
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
