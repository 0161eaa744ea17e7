using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Kernels;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>
/// Rows of logits in plain double, for results of 24 bits or fewer, on the softmax kernel. Where cancellation may cost a result its
/// digits, a row says so and is scored again in another arithmetic.
/// </summary>
/// <param name="formula">The formula.</param>
/// <param name="temperature">T.</param>
internal sealed class PlainSteps(CategoricalFormula formula, double temperature) : IRowSteps<PlainDouble>
{
    /// <summary>
    /// The least part of what it is computed from that a value has. Its terms are rounded independently, so that most of their errors
    /// cancel; what all have in common, the error of Σe, is about an ulp.
    /// </summary>
    private const double LeastPart = 1.0 / 8;

    private readonly ExponentialScale _scale = new(temperature);

    /// <inheritdoc/>
    public unsafe PlainDouble Fill(in CategoricalRow<PlainDouble> row)
    {
        fixed (double* z = row.Z, e = row.P.Hi)
        {
            var (min, max) = MinMax.Find(z, row.Classes);
            if (double.IsPositiveInfinity(max)) return PlainDouble.Of(double.NaN);
            var rest = SoftmaxKernel<StoredFloat64>.StoreExponentials((StoredFloat64*)z, row.Classes, min, max, _scale, e);
            var log = VectorMath.Log1p(Vector256.Create(rest));
            Distribute(row, max, rest, log);
            return PlainDouble.Of(Vector256.Create(max / temperature) + log);
        }
    }

    /// <inheritdoc/>
    public PlainDouble Score(in CategoricalRow<PlainDouble> row, out bool hasDigits)
    {
        var value = formula.Score(row, out var size);
        var magnitude = Math.Abs(value.Round().ToScalar());
        // false for NaN
        hasDigits = double.IsFinite(magnitude) && magnitude >= LeastPart * size;
        return value;
    }

    /// <inheritdoc/>
    /// <remarks>The softmax's step of <see cref="CategoricalLink"/>, on vectors.</remarks>
    public bool Backward(
        in CategoricalRow<PlainDouble> row, PlainDouble scale, PlainDouble logSumExpDerivative, Span<double> gradient)
    {
        var total = SumDerivatives(row, Ranking.FindMax(row.Z), out var size);
        return Combine(row, total, size, scale.Round() * Vector256.Create(1 / temperature), gradient);
    }

    /// <summary>u = ∂L/∂log p + p·(∂L/∂p − that of the largest class), in place of ∂L/∂log p, its sum, and its size.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static double SumDerivatives(in CategoricalRow<PlainDouble> row, int largest, out double size)
    {
        ref var p = ref MemoryMarshal.GetReference(row.P.Hi);
        ref var u = ref MemoryMarshal.GetReference(row.LogPDerivative.Hi);
        ref var v = ref MemoryMarshal.GetReference(row.PDerivative.Hi);
        ref var sizes = ref MemoryMarshal.GetReference(row.Size);
        var (winner, winnerSize) = (Vector256.Create(row.PDerivative.Hi[largest]), Vector256.Create(row.Size[largest]));
        var (total, totalSize) = (Vector256<double>.Zero, Vector256<double>.Zero);
        for (nuint c = 0; c < (nuint)row.P.Length; c += VectorMath.Width)
        {
            var (own, probability) = (Vector256.LoadUnsafe(ref u, c), Vector256.LoadUnsafe(ref p, c));
            var isZero = Vector256.Equals(probability, Vector256<double>.Zero);
            var ownSize = Vector256.LoadUnsafe(ref sizes, c) + winnerSize;
            ownSize = Vector256.Abs(own) + Vector256.AndNot(probability * ownSize, isZero);
            own += Vector256.AndNot(probability * (Vector256.LoadUnsafe(ref v, c) - winner), isZero);
            own.StoreUnsafe(ref u, c);
            ownSize.StoreUnsafe(ref sizes, c);
            total += own;
            totalSize += ownSize;
        }
        size = Vector256.Sum(totalSize);
        return Vector256.Sum(total);
    }

    /// <summary>(u·(1 − p) − p·(total − u))·scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static bool Combine(
        in CategoricalRow<PlainDouble> row, double total, double size, Vector256<double> scale, Span<double> gradient)
    {
        ref var p = ref MemoryMarshal.GetReference(row.P.Hi);
        ref var q = ref MemoryMarshal.GetReference(row.Q.Hi);
        ref var u = ref MemoryMarshal.GetReference(row.LogPDerivative.Hi);
        ref var sizes = ref MemoryMarshal.GetReference(row.Size);
        ref var to = ref MemoryMarshal.GetReference(gradient);
        var (sum, least) = (Vector256.Create(total), Vector256.Create(SoftmaxKernel<StoredFloat64>.LeastPart));
        var all = Vector256.Create(size);
        var hasDigits = Vector256<double>.AllBitsSet;
        for (nuint c = 0; c < (nuint)row.P.Length; c += VectorMath.Width)
        {
            var (own, probability, rest) = (Vector256.LoadUnsafe(ref u, c), Vector256.LoadUnsafe(ref p, c), Vector256.LoadUnsafe(ref q, c));
            var g = own * rest - probability * (sum - own);
            // false for NaN
            hasDigits &= Vector256.GreaterThanOrEqual(
                Vector256.Abs(g), (Vector256.LoadUnsafe(ref sizes, c) * rest + probability * all) * least);
            g *= scale;
            hasDigits &= Vector256.LessThan(Vector256.Abs(g), Vector256.Create(double.PositiveInfinity));
            g.StoreUnsafe(ref to, c);
        }
        return Vector256.EqualsAll(hasDigits.AsInt64(), Vector256<long>.AllBitsSet);
    }

    /// <summary>From the exponentials: p, 1 − p and log p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Distribute(in CategoricalRow<PlainDouble> row, double max, double rest, Vector256<double> log)
    {
        var sum = Dd.One + new Dd(rest);
        var inverse = Dd.One / sum;
        var (m, perUnit) = (Vector256.Create(max), Vector256.Create(1 / temperature));
        ref var z = ref MemoryMarshal.GetReference(row.Z);
        ref var p = ref MemoryMarshal.GetReference(row.P.Hi);
        ref var q = ref MemoryMarshal.GetReference(row.Q.Hi);
        ref var logP = ref MemoryMarshal.GetReference(row.LogP.Hi);
        for (nuint c = 0; c < (nuint)row.P.Length; c += VectorMath.Width)
        {
            var e = Vector256.LoadUnsafe(ref p, c);
            // the rounding error of the inverse would be all the elements'
            var probability = Vector256.FusedMultiplyAdd(e, inverse.Hi, e * inverse.Lo);
            probability.StoreUnsafe(ref p, c);
            (Vector256<double>.One - probability).StoreUnsafe(ref q, c);
            Vector256.FusedMultiplyAdd(Vector256.LoadUnsafe(ref z, c) - m, perUnit, -log).StoreUnsafe(ref logP, c);
        }
        var largest = row.Z.IndexOf(max);
        row.Q.Hi[largest] = rest * inverse.ToScalar();
    }
}
