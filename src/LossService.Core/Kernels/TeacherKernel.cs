using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Kernels;

/// <summary>The softmax of a row of a teacher's logits in plain double, by <see cref="SoftmaxKernel{TElement}"/>, for any dtype.</summary>
internal abstract unsafe class TeacherKernel
{
    /// <summary>The kernel for logits of a dtype.</summary>
    public static TeacherKernel Create(DType dtype) => dtype switch
    {
        DType.Float16 => new Of<StoredFloat16>(),
        DType.BFloat16 => new Of<StoredBFloat16>(),
        DType.Float32 => new Of<StoredFloat32>(),
        _ => new Of<StoredFloat64>(),
    };

    /// <summary>Writes t = softmax(z/T) of a row: each within some ulp, all with the same error of Σe.</summary>
    /// <param name="z">The first logit; none is NaN, and one is above −∞.</param>
    /// <param name="classes">K.</param>
    /// <param name="scale">T.</param>
    /// <param name="target">Receives t, padded with zeros.</param>
    /// <param name="wantsEntropy">Whether <paramref name="negatedEntropy"/> is wanted.</param>
    /// <param name="negatedEntropy">Σ t·ln t: no digits cancel in it, however near to 1 a t is.</param>
    /// <returns>Σ_c e_c − 1: 0 where one class has all. NaN where a logit is +∞, and nothing is written.</returns>
    public abstract double Fill(
        byte* z, int classes, in ExponentialScale scale, double* target, bool wantsEntropy, out double negatedEntropy);

    private sealed class Of<TElement> : TeacherKernel where TElement : unmanaged, IStoredFloat<TElement>
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override double Fill(
            byte* z, int classes, in ExponentialScale scale, double* target, bool wantsEntropy, out double negatedEntropy)
        {
            negatedEntropy = 0;
            var row = (TElement*)z;
            var (min, max) = TElement.FindMinMax(row, classes);
            if (double.IsPositiveInfinity(max)) return double.NaN;
            var rest = SoftmaxKernel<TElement>.StoreExponentials(row, classes, min, max, scale, target);
            Divide(target, classes, rest);
            if (wantsEntropy)
            {
                var gaps = SumGaps(row, classes, max, target) / Vector256.Create(scale.Temperature);
                var log = new Dd(VectorMath.Log1p(Vector256.Create(rest)));
                negatedEntropy = -(gaps + log).ToScalar();
            }
            return rest;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Divide(double* target, int classes, double rest)
        {
            // the rounding error of the inverse would be all the elements'
            var inverse = Dd.One / (Dd.One + new Dd(rest));
            var padded = Lanes.Padded(classes);
            var done = Lanes.HasMost ? Multiply<PlainEight>(target, 0, padded, inverse) : 0;
            Multiply<PlainDouble>(target, done, padded, inverse);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private static int Multiply<TNumber>(double* target, int start, int end, Dd factor) where TNumber : struct, IPlainNumbers<TNumber>
        {
            var (high, low) = (TNumber.Of(factor.ToScalar()), TNumber.Of(factor.Lo.ToScalar()));
            var c = start;
            for (; c <= end - TNumber.Count; c += TNumber.Count)
            {
                var e = TNumber.Load(ref target[c]);
                TNumber.FusedMultiplyAdd(e, high, e * low).StoreNearest(ref target[c]);
            }
            return c;
        }

        /// <summary>Σ t_c·(m − z_c), without the classes of t_c = 0, whose z_c may be −∞.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static Dd SumGaps(TElement* z, int classes, double max, double* target)
        {
            var gaps = new TargetEntropy();
            var done = Lanes.HasMost ? AddGaps<PlainEight>(z, classes, max, target, 0, ref gaps) : 0;
            done = AddGaps<PlainDouble>(z, classes, max, target, done, ref gaps);
            var (sum, m) = (gaps.Sum, Vector256.Create(max));
            for (var c = done; c < classes; c++)
                if (target[c] != 0) sum += Dd.Difference(m, Vector256.Create(TElement.ToDouble(z[c]))) * Vector256.Create(target[c]);
            return sum;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private static int AddGaps<TNumber>(TElement* z, int classes, double max, double* target, int start, ref TargetEntropy gaps)
            where TNumber : struct, IPlainNumbers<TNumber>
        {
            var (m, sum, c) = (TNumber.Of(max), gaps, start);
            for (; c <= classes - TNumber.Count; c += TNumber.Count) sum.Add(TNumber.Load(ref target[c]), m - TNumber.Load(z + c));
            gaps = sum;
            return c;
        }
    }
}
