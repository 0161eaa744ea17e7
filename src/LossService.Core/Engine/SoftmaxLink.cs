using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>
/// p = softmax(z / T) by d_c = (z_c − max z)/T, s = Σ_{c≠argmax} e^{d_c}, log p_c = d_c − log1p(s), p_c = e^{d_c}/(1 + s).
/// 1 − p of the largest class is s/(1 + s), which does not cancel.
/// Backward: ∂L/∂z_j = (u_j(1 − p_j) − p_j Σ_{i≠j} u_i)/T with u = ∂L/∂log p + p·(∂L/∂p − that of the largest class): as
/// Σp = 1, a constant added to every ∂L/∂p changes nothing, and this one avoids cancellation.
/// </summary>
internal static class SoftmaxLink<TNumber> where TNumber : struct, IArithmetic<TNumber>
{
    /// <summary>Fills log p, p and 1 − p of a row.</summary>
    /// <returns>logsumexp(z/T), in every lane.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static TNumber Fill(in CategoricalRow<TNumber> row, double temperature)
    {
        var z = row.Z;
        var k = Ranking.FindMax(z);
        // the limit for one infinite logit: p = 1
        var certain = double.IsPositiveInfinity(z[k]);
        // the difference of two logits may overflow where a part of it, divided by T, does not
        var isLarge = temperature > 1 && row.DifferencesMayOverflow();
        var unit = Vector512.Create(isLarge ? 0.25 : 1);
        var max = Vector512.Create(z[k]) * unit;
        var divisor = TNumber.Of(Vector512.Create(temperature) * unit);
        var infinity = TNumber.Of(double.NegativeInfinity);
        var sum = TNumber.Zero;
        for (var c = 0; c < z.Length; c += DdRow.Width)
        {
            var winner = DdRow.LaneIs(k - c);
            var posted = Vector512.LoadUnsafe(ref z[c]);
            TNumber d;
            if (certain)
            {
                d = TNumber.Select(winner, TNumber.Zero, infinity);
            }
            else
            {
                var difference = Dd.Difference(posted * unit, max);
                d = TNumber.Of(difference.Hi, difference.Lo);
                if (temperature != 1) d /= divisor;
                // −∞ exactly, in every arithmetic
                d = TNumber.Select(Vector512.Equals(posted, Vector512.Create(double.NegativeInfinity)), infinity, d);
            }
            var e = TNumber.Exp(d);
            row.LogP.Store(c, d);
            row.P.Store(c, e);
            // the largest's e is exactly 1; in the sum it would cost the others their low digits
            sum += TNumber.Select(winner, TNumber.Zero, e);
        }
        sum = NumberRow<TNumber>.SumOfLanes(sum);
        var log = TNumber.Log1p(sum);
        var scale = TNumber.One / (TNumber.One + sum);
        for (var c = 0; c < z.Length; c += DdRow.Width)
        {
            var (p, d) = (row.P[c] * scale, row.LogP[c]);
            row.LogP.Store(c, TNumber.Select(d.IsFinite, d - log, infinity));
            row.P.Store(c, p);
            row.Q.Store(c, TNumber.Select(DdRow.LaneIs(k - c), sum * scale, TNumber.One - p));
        }
        return TNumber.Of(z[k]) / TNumber.Of(temperature) + log;
    }

    /// <summary>Writes scale·∂L/∂z of the row, each rounded once.</summary>
    /// <param name="row">The row, its derivatives written by the formula.</param>
    /// <param name="scale">The sample's weight in the reduced loss.</param>
    /// <param name="logSumExpDerivative">∂L/∂logsumexp(z), where the loss has a term of it.</param>
    /// <param name="temperature">T.</param>
    /// <param name="gradient">Where to; padded.</param>
    /// <param name="leastPart">The part of the numbers that it was computed from that an element must have to have its digits.</param>
    /// <returns>Whether every element has its digits.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Backward(in CategoricalRow<TNumber> row, TNumber scale, TNumber logSumExpDerivative, double temperature,
        Span<double> gradient, double leastPart)
    {
        if (temperature != 1) scale /= TNumber.Of(temperature);
        var (total, sizes) = (TNumber.Zero, Vector512<double>.Zero);
        var k = Ranking.FindMax(row.Z);
        var winner = row.PDerivative.Broadcast(k);
        var winnerSize = Vector512.Create(leastPart == 0 ? 0 : row.Size[k]);
        for (var c = 0; c < row.P.Length; c += DdRow.Width)
        {
            var (l, p) = (row.LogPDerivative[c], row.P[c]);
            var u = l + Times(p, row.PDerivative[c] - winner);
            row.LogPDerivative.Store(c, u);
            total += u;
            if (leastPart == 0) continue;
            var size = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(row.Size), (nuint)c) + winnerSize;
            size = Vector512.Abs(l.Round()) + Vector512.AndNot(p.Round() * size, p.IsZero);
            size.StoreUnsafe(ref MemoryMarshal.GetReference(row.Size), (nuint)c);
            sizes += size;
        }
        total = NumberRow<TNumber>.SumOfLanes(total);
        if (leastPart > 0) return Combine(row, scale, total, logSumExpDerivative, sizes, gradient, Vector512.Create(leastPart));
        var isFinite = double.IsFinite(total.Round().ToScalar());
        for (var c = 0; c < row.P.Length; c += DdRow.Width)
        {
            var u = row.LogPDerivative[c];
            var g = isFinite
                ? u * row.Q[c] - Times(row.P[c], total - u - logSumExpDerivative)
                : Limit(u, total, row.LogP[c]);
            (g * scale).Round().CopyTo(gradient[c..]);
        }
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Combine(in CategoricalRow<TNumber> row, TNumber scale, TNumber total, TNumber logSumExpDerivative,
        Vector512<double> sizes, Span<double> gradient, Vector512<double> leastPart)
    {
        var size = Vector512.Create(Vector512.Sum(sizes)) + Vector512.Abs(logSumExpDerivative.Round());
        var hasDigits = Vector512<double>.AllBitsSet;
        for (var c = 0; c < row.P.Length; c += DdRow.Width)
        {
            var (u, p, q) = (row.LogPDerivative[c], row.P[c], row.Q[c]);
            var g = u * q - Times(p, total - u - logSumExpDerivative);
            var own = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(row.Size), (nuint)c);
            // false for NaN
            hasDigits &= Vector512.GreaterThanOrEqual(
                Vector512.Abs(g.Round()), (own * q.Round() + Vector512.AndNot(p.Round() * size, p.IsZero)) * leastPart);
            var result = (g * scale).Round();
            hasDigits &= Vector512.LessThan(Vector512.Abs(result), Vector512.Create(double.PositiveInfinity));
            result.CopyTo(gradient[c..]);
        }
        return Vector512.EqualsAll(hasDigits.AsInt64(), Vector512<long>.AllBitsSet);
    }

    /// <summary>p·v; 0 where p = 0, since p·v → 0 wherever v is infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TNumber Times(TNumber p, TNumber v) => TNumber.Select(p.IsZero, TNumber.Zero, p * v);

    /// <summary>The limit for infinite derivatives: ±∞ for their classes, the opposite infinity for other classes with p > 0.</summary>
    private static TNumber Limit(TNumber u, TNumber total, TNumber logP) => TNumber.Select(
        u.IsFinite, TNumber.Select(logP.IsFinite, -total, TNumber.Zero), u);
}
