using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>
/// KL(t‖p) of a row of soft labels t and a softmax p: where the two are near, the difference of cross-entropy and entropy has no digits
/// left.
/// </summary>
/// <remarks>
/// Σ (t·ln(t/p) − t + p) + (Σt − 1), whose terms are not negative but for the last, which is what the rounding of the labels left.
/// </remarks>
internal static unsafe class LabelDivergence
{
    /// <summary>The classes after which a sum goes into a double-double: a long sum would lose digits.</summary>
    private const int Run = 16 * Lanes.Width;

    /// <summary>A difference that is 0 by rounding is not known to be 0.</summary>
    private const double Doubt = 1.0 / (1L << 50);

    /// <summary>The least part of what it is computed from that a value has: most errors of its terms cancel.</summary>
    private const double LeastPart = 1.0 / 8;

    /// <summary>The divergence; NaN where it may lack digits.</summary>
    /// <param name="t">The labels, padded with zeros.</param>
    /// <param name="e">The exponentials of the logits less the largest, padded with zeros.</param>
    /// <param name="padded">The length of both.</param>
    /// <param name="others">The sum of the exponentials but that of the largest.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static double Find(double* t, double* e, int padded, double others)
    {
        var (one, half) = (Vector256<double>.One, Vector256.Create(0.5));
        var inverse = Dd.One / (Dd.One + new Dd(others));
        var ofLargest = Vector256.Create(others) * inverse.Hi;
        var (total, size) = (Dd.Zero, Vector256<double>.Zero);
        var (sum, rest) = (Vector256<double>.Zero, Vector256<double>.Zero);
        for (var from = 0; from < padded; from += Run)
        {
            // sums in locals stay in registers
            var (value, to) = (Vector256<double>.Zero, Math.Min(from + Run, padded));
            for (var c = from; c < to; c += Lanes.Width)
            {
                var (label, exponential) = (Vector256.Load(t + c), Vector256.Load(e + c));
                var p = Vector256.FusedMultiplyAdd(exponential, inverse.Hi, exponential * inverse.Lo);
                var q = Lanes.Select(Vector256.Equals(exponential, one), ofLargest, one - p);
                // from the side where it does not cancel
                var difference = Lanes.Select(Vector256.GreaterThan(label, half), (one - label) - q, p - label);
                var excess = VectorRatio.Compare(label, p, difference, out _, out var r);
                var isZero = Vector256.Equals(label, Vector256<double>.Zero);
                value += Lanes.Select(isZero, p, label * excess);
                var part = Vector256.MinNative(Vector256.Abs(r) + Vector256.Create(Doubt), one);
                size += Lanes.Select(isZero, p, part * (label + p));

                var next = sum + label;
                var rounded = next - sum;
                rest += (sum - (next - rounded)) + (label - rounded);
                sum = next;
            }
            total += value;
        }
        var divergence = (Dd.SumOfLanes(total) + (Dd.SumOfLanes(Dd.Sum(sum, rest)) - Dd.One)).ToScalar();
        return divergence >= LeastPart * Vector256.Sum(size) ? divergence : double.NaN;
    }
}
