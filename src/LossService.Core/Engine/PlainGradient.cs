using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Kernels;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>Makes the gradient of classes from u_c of <see cref="PlainClasses.Derivatives"/>.</summary>
/// <param name="sums">The sums of all classes: of one row, in every lane.</param>
/// <param name="scale">What ∂L/∂(z/T) is multiplied by.</param>
/// <param name="gradient">Where to; null = in the place of the exponentials.</param>
internal readonly unsafe struct PlainGradient<TNumber>(in PlainSums sums, Vector256<double> scale, StoredFloat32* gradient)
    where TNumber : struct, IPlainNumbers<TNumber>
{
    private readonly TNumber _sum = TNumber.Repeat(sums.Derivative);
    private readonly TNumber _sumSize = TNumber.Repeat(sums.DerivativeSize);
    private readonly TNumber _factor = TNumber.Repeat(scale);

    /// <summary>Writes that of stored u from <paramref name="start"/> on, as far as there are whole vectors.</summary>
    /// <returns>The first class that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public int Write(in PlainClasses classes, in PlainSoftmax softmax, int start, ref Vector256<double> lacking)
    {
        var own = this;
        var p = softmax.Spread<TNumber>(classes.HasExactTarget);
        double* e = classes.Exponentials, derivatives = classes.Derivatives, sizes = classes.Sizes;
        var (count, lacks, c) = (classes.Count, TNumber.Zero, start);
        for (; c <= count - TNumber.Count; c += TNumber.Count)
        {
            var exponential = TNumber.Load(ref e[c]);
            var probability = p.GetP(exponential);
            var rest = p.GetQ(exponential, probability);
            lacks |= own.Write(probability, rest, TNumber.Load(ref derivatives[c]), TNumber.Load(ref sizes[c]), e, c);
        }
        lacking |= TNumber.Join(lacks);
        return c;
    }

    /// <summary>
    /// Writes that of some classes; returns a mask of those that lack digits: they are small differences of large numbers.
    /// </summary>
    /// <param name="p">p of these classes.</param>
    /// <param name="q">1 − p.</param>
    /// <param name="u">u.</param>
    /// <param name="uSize">The size of what u was computed from.</param>
    /// <param name="exponentials">The exponentials.</param>
    /// <param name="first">The first class.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TNumber Write(TNumber p, TNumber q, TNumber u, TNumber uSize, double* exponentials, int first)
    {
        var g = SoftmaxLanes<TNumber>.Backward(p, q, u, uSize, _sum, _sumSize, out var size);
        var lacks = TNumber.LessThan(TNumber.Abs(g), size * TNumber.Of(SoftmaxKernel<StoredFloat32>.LeastPart));
        g *= _factor;
        if (gradient != null) g.Store(gradient + first);
        else g.StoreNearest(ref exponentials[first]);
        return lacks | ~g.IsFinite;
    }
}
