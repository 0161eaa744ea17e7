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

    /// <summary>Of four rows, whose exponentials are stored.</summary>
    /// <param name="rest">The sum of the exponentials less 1, of each row.</param>
    /// <param name="max">The largest logit of each row.</param>
    /// <param name="perUnit">1/T.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PlainSoftmax(Vector256<double> rest, Vector256<double> max, double perUnit)
    {
        var inverse = Dd.One / (Dd.One + new Dd(rest));
        (_inverse, _inverseRest) = (inverse.Hi, inverse.Lo);
        (_ofLargest, _max, _perUnit) = (rest * _inverse, max, perUnit);
        _log = VectorMath.Log1p(rest);
    }

    /// <summary>Whether the largest logit of the row is finite; the limits where it is not are for double-double.</summary>
    public bool IsDefined { get; }

    /// <summary>A mask of the rows whose largest logit is finite, of four rows.</summary>
    public Vector256<double> AreDefined => Vector256.LessThan(Vector256.Abs(_max), Vector256.Create(double.PositiveInfinity));

    /// <summary>A class with the largest logit, of one row.</summary>
    public int Largest { get; }

    /// <summary>p of the classes with these exponentials.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    // the rounding error of the inverse would be all the elements'
    public TNumber GetP<TNumber>(TNumber e) where TNumber : struct, IPlainNumbers<TNumber> =>
        TNumber.FusedMultiplyAdd(e, TNumber.Repeat(_inverse), e * TNumber.Repeat(_inverseRest));

    /// <summary>1 − p: of the largest class by the sum of the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TNumber GetQ<TNumber>(TNumber e, TNumber p) where TNumber : struct, IPlainNumbers<TNumber> =>
        // no exponential is above 1
        TNumber.Select(TNumber.LessThan(e, TNumber.One), TNumber.One - p, TNumber.Repeat(_ofLargest));

    /// <summary>u·(1 − p) − p·(Σu − u): the backward step of the softmax.</summary>
    /// <param name="e">The exponentials.</param>
    /// <param name="u">u of these classes.</param>
    /// <param name="uSize">The size of what u was computed from.</param>
    /// <param name="sum">Σu.</param>
    /// <param name="sumSize">The size of what that was computed from.</param>
    /// <param name="size">The size of what the results were computed from.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TNumber Backward<TNumber>(TNumber e, TNumber u, TNumber uSize, TNumber sum, TNumber sumSize, out TNumber size)
        where TNumber : struct, IPlainNumbers<TNumber>
    {
        var p = GetP(e);
        var q = GetQ(e, p);
        size = TNumber.FusedMultiplyAdd(uSize, q, p * sumSize);
        return u * q - p * (sum - u);
    }

    /// <summary>The classes of a vector with their weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ClassVector<TNumber> Read<TNumber>(in CategoricalRow<PlainDouble> row, int start, TNumber weight)
        where TNumber : struct, IPlainNumbers<TNumber>
    {
        var e = TNumber.Load(ref Unsafe.Add(ref MemoryMarshal.GetReference(row.P.Hi), start));
        var t = TNumber.Load(ref Unsafe.Add(ref MemoryMarshal.GetReference(row.T.Hi), start));
        var z = TNumber.Load(ref Unsafe.Add(ref MemoryMarshal.GetReference(row.Z), start));
        return Make(row, start, e, z, t, weight);
    }

    /// <summary>The class of each row that has the largest logit, with its target and weight.</summary>
    public ClassVector<PlainDouble> ReadLargest(in CategoricalRow<PlainDouble> rows, Vector256<double> target, Vector256<double> weight) =>
        Make(rows, 0, PlainDouble.One, PlainDouble.Of(_max), PlainDouble.Of(target), PlainDouble.Of(weight));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ClassVector<TNumber> Make<TNumber>(
        in CategoricalRow<PlainDouble> row, int start, TNumber e, TNumber z, TNumber t, TNumber weight)
        where TNumber : struct, IPlainNumbers<TNumber>
    {
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
        TNumber.FusedMultiplyAdd(z - TNumber.Repeat(_max), TNumber.Of(_perUnit), TNumber.Repeat(-_log));
}
