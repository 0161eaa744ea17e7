using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Kernels;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>The softmax of a row in plain double, by the kernel's exponentials: p, 1 − p and log p of any classes.</summary>
internal readonly struct PlainSoftmax
{
    private readonly double _inverse, _inverseRest, _ofLargest, _max, _perUnit, _log;

    /// <summary>Stores the exponentials of a row in the place of its p.</summary>
    /// <param name="row">The row.</param>
    /// <param name="scale">T.</param>
    /// <param name="biased">With a bias: z/T + b, less the largest, takes the place of the logits; null = no bias.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public unsafe PlainSoftmax(in CategoricalRow<PlainDouble> row, in ExponentialScale scale, BiasedSoftmax? biased)
    {
        fixed (double* z = row.Z, e = row.P.Hi)
        {
            double max, rest;
            if (biased is null)
            {
                (var min, max) = MinMax.Find(z, row.Classes);
                IsDefined = double.IsFinite(max);
                if (!IsDefined) return;
                rest = SoftmaxKernel<StoredFloat64>.StoreExponentials((StoredFloat64*)z, row.Classes, min, max, scale, e);
                _perUnit = 1 / scale.Temperature;
            }
            else
            {
                (max, _perUnit) = (0, 1);
                rest = BiasedSoftmax.StoreExponentials(z, e, row.Classes, biased.Find((StoredFloat64*)z, row.Classes, z, e));
                IsDefined = !double.IsNaN(rest);
                if (!IsDefined) return;
            }
            var inverse = Dd.One / (Dd.One + new Dd(rest));
            (_inverse, _inverseRest) = (inverse.Hi.ToScalar(), inverse.Lo.ToScalar());
            (_ofLargest, _max) = (rest * _inverse, max);
            _log = VectorMath.Log1p(Vector256.Create(rest)).ToScalar();
            Largest = MemoryMarshal.Cast<double, long>(row.P.Hi).IndexOf(BitConverter.DoubleToInt64Bits(1));
        }
    }

    /// <summary>Whether the largest logit is finite; the limits where it is not are for double-double.</summary>
    public bool IsDefined { get; }

    /// <summary>A class with the largest logit.</summary>
    public int Largest { get; }

    /// <summary>p of the classes with these exponentials.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    // the rounding error of the inverse would be all the elements'
    public TNumber GetP<TNumber>(TNumber e) where TNumber : struct, IPlainNumbers<TNumber> =>
        TNumber.FusedMultiplyAdd(e, TNumber.Of(_inverse), e * TNumber.Of(_inverseRest));

    /// <summary>1 − p: of the largest class by the sum of the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TNumber GetQ<TNumber>(TNumber e, TNumber p) where TNumber : struct, IPlainNumbers<TNumber> =>
        // no exponential is above 1
        TNumber.Select(TNumber.LessThan(e, TNumber.One), TNumber.One - p, TNumber.Of(_ofLargest));

    /// <summary>The classes of a vector with their weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ClassVector<TNumber> Read<TNumber>(in CategoricalRow<PlainDouble> row, int start, TNumber weight)
        where TNumber : struct, IPlainNumbers<TNumber>
    {
        var e = TNumber.Load(ref Unsafe.Add(ref MemoryMarshal.GetReference(row.P.Hi), start));
        var t = TNumber.Load(ref Unsafe.Add(ref MemoryMarshal.GetReference(row.T.Hi), start));
        var z = TNumber.Load(ref Unsafe.Add(ref MemoryMarshal.GetReference(row.Z), start));
        var p = GetP(e);
        return new()
        {
            LogP = GetLogP(z),
            P = p,
            Q = GetQ(e, p),
            T = t,
            U = TNumber.One - t,
            W = weight,
            First = start,
            SumsToOne = row.SumsToOne,
            HasExactTarget = row.HasExactTarget,
        };
    }

    /// <summary>Replaces the exponentials of a row by p, and fills log p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Distribute(in CategoricalRow<PlainDouble> row)
    {
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            row.LogP.Store(c, GetLogP(PlainDouble.Load(ref row.Z[c])));
            row.P.Store(c, GetP(row.P[c]));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TNumber GetLogP<TNumber>(TNumber z) where TNumber : struct, IPlainNumbers<TNumber> =>
        TNumber.FusedMultiplyAdd(z - TNumber.Of(_max), TNumber.Of(_perUnit), TNumber.Of(-_log));
}
