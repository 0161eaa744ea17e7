using System.Runtime.CompilerServices;
using LossService.Core.Numerics;
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

    private readonly NativeBuffer _rows = new(21 * Rows * sizeof(double) + Line);
    private NativeBuffer _numbers = new();

    /// <summary>The row's index in the batch.</summary>
    public long* Index => (long*)Column(0);

    /// <summary>The true class y.</summary>
    public int* Class => (int*)Column(1);

    /// <summary>The smallest logit; with a bias, here and in what follows z/T + b stands for a logit.</summary>
    public double* Min => Column(2);

    /// <summary>The largest logit, m.</summary>
    public double* Max => Column(3);

    /// <summary>The logit of the true class, z_y.</summary>
    public double* Label => Column(4);

    /// <summary>What the row's loss is multiplied by: the sample's weight, and its class's unless that is inside of the loss.</summary>
    public double* Weight => Column(5);

    /// <summary>s = Σ e_c − 1.</summary>
    public double* Rest => Column(6);

    /// <summary>The weighted loss.</summary>
    public double* Loss => Column(7);

    /// <summary>The rounding error of <see cref="Loss"/>.</summary>
    public double* Low => Column(8);

    /// <summary>The factor of e_c in the gradient.</summary>
    public double* Part => Column(9);

    /// <summary>e_y, then the gradient's element of the true class.</summary>
    public double* Own => Column(10);

    /// <summary>Σ b_c·(m − z_c), for a target that is spread over the classes.</summary>
    public double* Gaps => Column(11);

    /// <summary>Σ b_c; of squared errors Σ e_c² of the classes that are not true.</summary>
    public double* Share => Column(12);

    /// <summary>The factor of b_c in the gradient, or of e_c².</summary>
    public double* Shift => Column(13);

    /// <summary>The weight of the true class, where it is inside of the loss.</summary>
    public double* ClassWeight => Column(14);

    /// <summary>Not 0 where the gradient's element of the true class lacks digits.</summary>
    public double* Lost => Column(15);

    /// <summary>−log p_y, of rows with a true class; of others, the cross-entropy that the target's entropy is subtracted from.</summary>
    public double* Surprise => Column(16);

    /// <summary>Σ b_c·ln b_c, where the target's entropy is subtracted.</summary>
    public double* NegatedEntropy => Column(17);

    /// <summary>What <see cref="Max"/> lacks, where there is a bias.</summary>
    public double* MaxError => Column(18);

    /// <summary>What <see cref="Label"/> lacks, where there is a bias.</summary>
    public double* LabelError => Column(19);

    /// <summary>The size of what <see cref="Part"/> was computed from, of squared errors.</summary>
    public double* PartSize => Column(20);

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

    /// <summary>Finds where rows <paramref name="i"/> to i + 3 begin in a tensor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Locate<TElement>(int i, TElement* tensor, int classes, TElement** rows) where TElement : unmanaged
    {
        for (var lane = 0; lane < Lanes.Width; lane++) rows[lane] = tensor + Index[i + lane] * classes;
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
