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
    public static double Find(double* t, double* e, int padded, double others)
    {
        var sums = default(Sums);
        var done = Lanes.HasMost ? AddUp<PlainEight>(t, e, 0, padded, others, ref sums) : 0;
        AddUp<PlainDouble>(t, e, done, padded, others, ref sums);
        var divergence = (Dd.SumOfLanes(sums.Total + sums.Value) + FindSurplus(t, padded)).ToScalar();
        return divergence >= LeastPart * Vector256.Sum(sums.Size) ? divergence : double.NaN;
    }

    /// <summary>Adds the classes from <paramref name="start"/> on, as far as there are whole vectors.</summary>
    /// <returns>The first that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int AddUp<TNumber>(double* t, double* e, int start, int padded, double others, ref Sums sums)
        where TNumber : struct, IPlainNumbers<TNumber>
    {
        var (one, half) = (TNumber.One, TNumber.Of(0.5));
        var inverse = Dd.One / (Dd.One + new Dd(others));
        var (high, low) = (TNumber.Of(inverse.ToScalar()), TNumber.Of(inverse.Lo.ToScalar()));
        var ofLargest = TNumber.Of(others) * high;
        // sums in locals stay in registers
        var (total, value, size, c) = (sums.Total, sums.Value, sums.Size, start);
        for (; c <= padded - TNumber.Count; c += TNumber.Count)
        {
            var (label, exponential) = (TNumber.Load(ref t[c]), TNumber.Load(ref e[c]));
            var p = TNumber.FusedMultiplyAdd(exponential, high, exponential * low);
            var q = TNumber.Select(TNumber.LessThan(exponential, one), one - p, ofLargest);
            // from the side where it does not cancel
            var difference = TNumber.Select(TNumber.LessThan(half, label), (one - label) - q, p - label);
            var excess = TNumber.Compare(label, p, difference, out _, out var r);
            value = TNumber.Add(value, TNumber.Select(label.IsZero, p, label * excess));
            var part = TNumber.Min(TNumber.Abs(r) + TNumber.Of(Doubt), one);
            size = TNumber.Add(size, TNumber.Select(label.IsZero, p, part * (label + p)));
            if ((c & (Run - 1)) != Run - TNumber.Count) continue;
            total += value;
            value = Vector256<double>.Zero;
        }
        (sums.Total, sums.Value, sums.Size) = (total, value, size);
        return c;
    }

    /// <summary>Σt − 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static Dd FindSurplus(double* t, int padded)
    {
        var (sum, rest) = (Vector256<double>.Zero, Vector256<double>.Zero);
        for (var c = 0; c < padded; c += Lanes.Width)
        {
            var label = Vector256.Load(t + c);
            var next = sum + label;
            var rounded = next - sum;
            rest += (sum - (next - rounded)) + (label - rounded);
            sum = next;
        }
        return Dd.SumOfLanes(Dd.Sum(sum, rest)) - Dd.One;
    }

    private struct Sums
    {
        public Dd Total;
        public Vector256<double> Value, Size;
    }
}
