using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Kernels;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>The softmax of a row in plain double, by the kernel's exponentials: p, 1 − p and log p of any four classes.</summary>
internal readonly struct PlainSoftmax
{
    private readonly Vector256<double> _inverse, _inverseRest, _ofLargest, _max, _perUnit, _log;

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
                _perUnit = Vector256.Create(1 / scale.Temperature);
            }
            else
            {
                (max, _perUnit) = (0, Vector256<double>.One);
                rest = BiasedSoftmax.StoreExponentials(z, e, row.Classes, biased.Find((StoredFloat64*)z, row.Classes, z, e));
                IsDefined = !double.IsNaN(rest);
                if (!IsDefined) return;
            }
            var inverse = Dd.One / (Dd.One + new Dd(rest));
            (_inverse, _inverseRest) = (inverse.Hi, inverse.Lo);
            _ofLargest = Vector256.Create(rest) * inverse.Hi;
            _max = Vector256.Create(max);
            _log = VectorMath.Log1p(Vector256.Create(rest));
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
    public Vector256<double> GetP(Vector256<double> e) => Vector256.FusedMultiplyAdd(e, _inverse, e * _inverseRest);

    /// <summary>1 − p: of the largest class by the sum of the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<double> GetQ(Vector256<double> e, Vector256<double> p) =>
        Lanes.Select(Vector256.Equals(e, Vector256<double>.One), _ofLargest, Vector256<double>.One - p);

    /// <inheritdoc cref="GetP(Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<double> GetP(Vector512<double> e) => Vector512.FusedMultiplyAdd(
        e, Vector512.Create(_inverse, _inverse), e * Vector512.Create(_inverseRest, _inverseRest));

    /// <inheritdoc cref="GetQ(Vector256{double}, Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<double> GetQ(Vector512<double> e, Vector512<double> p) => Vector512.ConditionalSelect(
        Vector512.Equals(e, Vector512<double>.One), Vector512.Create(_ofLargest, _ofLargest), Vector512<double>.One - p);

    /// <summary>Four classes with their weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public FourClasses<PlainDouble> Four(in CategoricalRow<PlainDouble> row, int start, Vector256<double> weight)
    {
        var e = Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(row.P.Hi), (nuint)start);
        var p = GetP(e);
        return new(
            PlainDouble.Of(GetLogP(Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(row.Z), (nuint)start))), PlainDouble.Of(p),
            PlainDouble.Of(GetQ(e, p)), row.T[start], PlainDouble.One - row.T[start], weight, start, row.SumsToOne, row.HasExactTarget);
    }

    /// <summary>Replaces the exponentials of a row by p, and fills log p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Distribute(in CategoricalRow<PlainDouble> row)
    {
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            row.LogP.Store(c, PlainDouble.Of(GetLogP(Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(row.Z), (nuint)c))));
            row.P.Store(c, PlainDouble.Of(GetP(row.P[c].Round())));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<double> GetLogP(Vector256<double> z) => Vector256.FusedMultiplyAdd(z - _max, _perUnit, -_log);
}
