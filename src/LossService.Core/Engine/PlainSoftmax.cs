using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Kernels;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>
/// The softmax of a row in plain double, by the kernel's exponentials: p, 1 − p and log p of any classes. Or of four short rows side by
/// side: then a lane is a row, and four numbers are those of a class.
/// </summary>
internal readonly struct PlainSoftmax
{
    private readonly Vector256<double> _inverse, _inverseRest, _ofLargest, _max, _log;
    private readonly double _perUnit;

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
            this = new(Vector256.Create(rest), Vector256.Create(max), _perUnit);
            IsDefined = true;
            Largest = MemoryMarshal.Cast<double, long>(row.P.Hi).IndexOf(BitConverter.DoubleToInt64Bits(1));
        }
    }

    /// <summary>Of a row whose exponentials are stored, in every lane.</summary>
    /// <param name="rest">The sum of the exponentials less 1.</param>
    /// <param name="max">The largest logit.</param>
    /// <param name="perUnit">1/T.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PlainSoftmax(Vector256<double> rest, Vector256<double> max, double perUnit)
    {
        var inverse = WideDouble.One / (WideDouble.One + WideDouble.Of(rest));
        (_inverse, _inverseRest) = (inverse.Round(), inverse.Rest());
        (_ofLargest, _max, _perUnit) = (rest * _inverse, max, perUnit);
        _log = VectorMath.Log1p(rest);
    }

    /// <summary>Of four rows.</summary>
    /// <param name="inverse">p of the class with the largest logit, of each row.</param>
    /// <param name="inverseRest">What that lacks.</param>
    /// <param name="ofLargest">1 − p of that class.</param>
    /// <param name="max">Its logit.</param>
    /// <param name="log">log of 1/p of it.</param>
    /// <param name="perUnit">1/T.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PlainSoftmax(Vector256<double> inverse, Vector256<double> inverseRest, Vector256<double> ofLargest, Vector256<double> max,
        Vector256<double> log, double perUnit)
    {
        (_inverse, _inverseRest, _ofLargest, _max, _log, _perUnit) = (inverse, inverseRest, ofLargest, max, log, perUnit);
    }

    /// <summary>Whether the largest logit of the row is finite; the limits where it is not are for double-double.</summary>
    public bool IsDefined { get; }

    /// <summary>A class with the largest logit, of one row.</summary>
    public int Largest { get; }

    /// <summary>p of the class with the largest logit, of each row.</summary>
    public Vector256<double> OfLargest => _inverse;

    /// <summary>The largest logit of each row.</summary>
    public Vector256<double> Max => _max;

    /// <summary>−Σ t_c log p_c of a row, from Σ t_c·(max z − z_c) and Σ t_c.</summary>
    public double GetCrossEntropy(double gaps, double share) => Math.FusedMultiplyAdd(gaps, _perUnit, share * _log[0]);

    /// <summary>The same in the lanes of an arithmetic.</summary>
    /// <param name="isExact">Whether a double holds each target exactly.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public SoftmaxLanes<TNumber> Spread<TNumber>(bool isExact) where TNumber : struct, IPlainNumbers<TNumber> =>
        new(TNumber.Repeat(_inverse), TNumber.Repeat(_inverseRest), TNumber.Repeat(_ofLargest), TNumber.Repeat(_max), TNumber.Repeat(_log),
            _perUnit, isExact);

    /// <summary>The class with the largest logit, of each row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ClassVector<PlainDouble> ReadLargest(Vector256<double> target, bool isExact) =>
        Spread<PlainDouble>(isExact).Read(PlainDouble.One, PlainDouble.Of(_max), PlainDouble.Of(target));

    /// <summary>Replaces the exponentials of a row by p, and fills log p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Distribute(in CategoricalRow<PlainDouble> row)
    {
        var p = Spread<PlainDouble>(isExact: true);
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            row.LogP.Store(c, p.GetLogP(PlainDouble.Load(ref row.Z[c])));
            row.P.Store(c, p.GetP(row.P[c]));
        }
    }
}
