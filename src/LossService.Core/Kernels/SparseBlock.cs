using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>The sparse targets of a block of rows: k classes of each and their t. All other classes have 0.</summary>
/// <param name="count">k.</param>
/// <param name="targets">Memory for k numbers of each row.</param>
/// <param name="classes">The same for their classes.</param>
internal sealed unsafe class SparseBlock(int count, double* targets, int* classes)
{
    /// <summary>The doubles of memory that a row takes.</summary>
    public static int CountDoubles(int count) => Lanes.Padded(count) + (count + 1) / 2;

    /// <summary>Where to write the t of a row, padded with zeros.</summary>
    public Span<double> Targets(int row) => new(targets + row * Lanes.Padded(count), Lanes.Padded(count));

    /// <summary>Where to write their classes.</summary>
    public Span<int> Classes(int row) => new(classes + row * count, count);

    /// <summary>Σ t_c·(m − z_c) and Σ t_c, without the classes of t_c = 0, whose z_c may be −∞.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public (double Gaps, double Share) SumGaps<TElement>(int row, TElement* z, double max)
        where TElement : unmanaged, IStoredFloat<TElement>
    {
        var t = targets + row * Lanes.Padded(count);
        var c = classes + row * count;
        var (m, gaps, share) = (Vector256.Create(max), Dd.Zero, Dd.Zero);
        for (var i = 0; i < count; i++)
        {
            if (t[i] == 0) continue;
            gaps += Dd.Difference(m, Vector256.Create(TElement.ToDouble(z[c[i]]))) * Vector256.Create(t[i]);
            share += Vector256.Create(t[i]);
        }
        return (gaps.ToScalar(), share.ToScalar());
    }

    /// <summary>Writes e_c·part − t_c·shift of the row's own classes; that of the others is e_c·part.</summary>
    /// <returns>Whether each has the digits of a float32: none is much smaller than its two parts.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public bool WriteGradient<TElement>(int row, double* e, double part, double shift, TElement* gradient)
        where TElement : unmanaged, IStoredFloat<TElement>
    {
        var t = targets + row * Lanes.Padded(count);
        var c = classes + row * count;
        var hasDigits = true;
        for (var i = 0; i < count; i++)
        {
            var g = Math.FusedMultiplyAdd(e[c[i]], part, -shift * t[i]);
            hasDigits &= !(Math.Abs(g) < Math.Abs(shift) * SoftmaxKernel<TElement>.LeastPart * t[i]);
            gradient[c[i]] = TElement.FromDouble(g);
        }
        return hasDigits;
    }
}
