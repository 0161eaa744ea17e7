using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>
/// Cross-entropy of a row in sums of two doubles: Σ t_c·(L − d_c), where log p_c = d_c − L, and its derivatives p_c·(Σt + λ) − t_c, with
/// λ of <see cref="WideScore.LogSumExp"/>. The loop of all sums over classes would also find what this formula does not read.
/// </summary>
/// <remarks>
/// t_c is the target times the class weight. A smoothed row with one true class has the same t in all others, so that none is stored.
/// </remarks>
internal static class WideCrossEntropy
{
    /// <summary>Scores a row by its target and weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static WideScore Score(in CategoricalRow<Dd> row, in WideSoftmax softmax)
    {
        var (k, gaps, others) = (softmax.Largest, default(WideSum), default(WideSum));
        var done = Lanes.HasMost ? AddUp<WideEight>(row, k, 0, ref gaps, ref others) : 0;
        AddUp<WideDouble>(row, k, done, ref gaps, ref others);
        var (own, rest) = (row.T.Broadcast(k), others.Total);
        if (!row.ClassWeight.IsEmpty) own *= new Dd(row.ClassWeight[k]);
        return NewScore(gaps.Total + softmax.Log * (own + rest), own, rest);
    }

    /// <summary>Scores a row of which each class has <paramref name="spread"/>, and the true one <paramref name="keep"/> more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static WideScore ScoreSmoothed(in CategoricalRow<Dd> row, in WideSoftmax softmax, int y, Dd spread, Dd keep)
    {
        var gaps = default(WideSum);
        var done = Lanes.HasMost ? AddUp<WideEight>(row, 0, ref gaps) : 0;
        AddUp<WideDouble>(row, done, ref gaps);
        var surprise = softmax.Log - row.LogP.Broadcast(y);
        var value = spread * (gaps.Total + softmax.Log * new Dd(row.Classes)) + keep * surprise;
        var (own, rest) = (spread, spread * new Dd(row.Classes - 1.0));
        if (y == softmax.Largest) own += keep;
        else rest += keep;
        return NewScore(value, own, rest);
    }

    /// <summary>Writes the derivatives times <paramref name="factor"/>, each rounded once.</summary>
    /// <param name="row">The row that has been scored.</param>
    /// <param name="softmax">Its softmax.</param>
    /// <param name="score">Its score.</param>
    /// <param name="factor">What the derivatives are multiplied by.</param>
    /// <param name="leastPart">The part of what it is computed from that a result must have.</param>
    /// <param name="result">Receives the results.</param>
    /// <returns>Whether every result has its digits, so that it is no small difference of large numbers.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryCombine(
        in CategoricalRow<Dd> row, in WideSoftmax softmax, in WideScore score, Dd factor, double leastPart, Span<double> result)
    {
        var part = new Part(softmax, score, factor, leastPart) { Shift = factor, HasTarget = true, Excepted = -1 };
        return TryCombine(row, softmax, score, factor, part, result);
    }

    /// <summary>The same of a row that is smoothed.</summary>
    /// <inheritdoc cref="TryCombine(in CategoricalRow{Dd}, in WideSoftmax, in WideScore, Dd, double, Span{double})"/>
    /// <param name="row">The row that has been scored.</param>
    /// <param name="softmax">Its softmax.</param>
    /// <param name="score">Its score.</param>
    /// <param name="y">The true class.</param>
    /// <param name="spread">t of the others.</param>
    /// <param name="keep">What that has more.</param>
    /// <param name="factor">What the derivatives are multiplied by.</param>
    /// <param name="leastPart">The part of what it is computed from that a result must have.</param>
    /// <param name="result">Receives the results.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryCombineSmoothed(in CategoricalRow<Dd> row, in WideSoftmax softmax, in WideScore score, int y, Dd spread,
        Dd keep, Dd factor, double leastPart, Span<double> result)
    {
        var part = new Part(softmax, score, factor, leastPart) { Shift = spread * factor, Excepted = y };
        var hasDigits = TryCombine(row, softmax, score, factor, part, result);
        if (y == softmax.Largest) return hasDigits;
        var (e, own) = (row.P.Broadcast(y), (spread + keep) * factor);
        var g = e * part.Scale - own;
        result[y] = g.ToScalar();
        var size = e.ToScalar() * part.Size + Math.Abs(own.ToScalar());
        return hasDigits && double.IsFinite(result[y])
            && Math.Abs(g.ToScalar()) >= size * leastPart + WideSoftmax.LeastDerivative;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static WideScore NewScore(Dd value, Dd own, Dd others) =>
        new(value, value.ToScalar(), -own, -others, (own + others).ToScalar());

    /// <summary>Adds t_c·(−d_c), and t_c of all but the largest class.</summary>
    /// <returns>The first class that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int AddUp<TNumber>(in CategoricalRow<Dd> row, int largest, int start, ref WideSum gaps, ref WideSum others)
        where TNumber : struct, IWideNumbers<TNumber>
    {
        var (gap, nextGap, share, nextShare, c) = (TNumber.Zero, TNumber.Zero, TNumber.Zero, TNumber.Zero, start);
        ref var weights = ref MemoryMarshal.GetReference(row.ClassWeight);
        var isWeighed = !row.ClassWeight.IsEmpty;
        for (; c <= row.T.Length - TNumber.Count; c += TNumber.Count)
        {
            var t = row.T.Load<TNumber>(c);
            if (isWeighed) t *= TNumber.Load(ref Unsafe.Add(ref weights, c));
            // a class that is not true may be at −∞
            var terms = TNumber.XLogY(t, row.LogP.Load<TNumber>(c));
            if ((uint)(largest - c) < (uint)TNumber.Count) t = TNumber.Select(TNumber.LaneIs(largest - c), TNumber.Zero, t);
            if (TNumber.Count == Lanes.Most)
            {
                gap -= terms;
                share += t;
            }
            else
            {
                (gap, nextGap) = (nextGap, gap - terms);
                (share, nextShare) = (nextShare, share + t);
            }
        }
        gaps.AddRun(c, gap, nextGap);
        others.AddRun(c, share, nextShare);
        return c;
    }

    /// <summary>Adds −d_c.</summary>
    /// <returns>The first class that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int AddUp<TNumber>(in CategoricalRow<Dd> row, int start, ref WideSum gaps) where TNumber : struct, IWideNumbers<TNumber>
    {
        var (gap, nextGap, c) = (TNumber.Zero, TNumber.Zero, start);
        for (; c <= row.LogP.Length - TNumber.Count; c += TNumber.Count)
        {
            var d = row.LogP.Load<TNumber>(c);
            // padding is at −∞
            if (c > row.Classes - TNumber.Count) d = TNumber.Select(TNumber.LanesBelow(row.Classes - c), d, TNumber.Zero);
            if (TNumber.Count == Lanes.Most) gap -= d;
            else (gap, nextGap) = (nextGap, gap - d);
        }
        gaps.AddRun(c, gap, nextGap);
        return c;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool TryCombine(
        in CategoricalRow<Dd> row, in WideSoftmax softmax, in WideScore score, Dd factor, in Part part, Span<double> result)
    {
        var (k, hasDigits) = (softmax.Largest, true);
        var done = Lanes.HasMost ? Combine<WideEight>(row, part, k, result, 0, ref hasDigits) : 0;
        Combine<WideDouble>(row, part, k, result, done, ref hasDigits);
        return softmax.TryFindLargest(score, -score.OfLargest.ToScalar(), factor, part.LeastPart, out result[k]) && hasDigits;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int Combine<TNumber>(
        in CategoricalRow<Dd> row, in Part part, int largest, Span<double> result, int start, ref bool hasDigits)
        where TNumber : struct, IWideNumbers<TNumber>
    {
        ref var to = ref MemoryMarshal.GetReference(result);
        ref var weights = ref MemoryMarshal.GetReference(row.ClassWeight);
        var (hasTarget, isWeighed, y) = (part.HasTarget, !row.ClassWeight.IsEmpty, part.Excepted);
        var (scale, shift, leastPart) = (part.Scale.Spread<TNumber>(), part.Shift.Spread<TNumber>(), part.LeastPart);
        var (sizeOfP, least, infinity) =
            (TNumber.Of(part.Size), TNumber.Of(WideSoftmax.LeastDerivative), TNumber.Of(double.PositiveInfinity));
        var (own, lacks, c) = (shift, TNumber.Zero, start);
        for (; c <= row.P.Length - TNumber.Count; c += TNumber.Count)
        {
            var e = row.P.Load<TNumber>(c);
            if (hasTarget)
            {
                own = row.T.Load<TNumber>(c) * shift;
                if (isWeighed) own *= TNumber.Load(ref Unsafe.Add(ref weights, c));
            }
            var g = e * scale - own;
            g.StoreNearest(ref Unsafe.Add(ref to, c));
            var size = TNumber.Abs(g);
            var has = TNumber.LessThan(size, infinity) & ~TNumber.LessThan(size, least)
                & ~TNumber.IsLost(g, e * sizeOfP + TNumber.Abs(own), leastPart);
            // padding, and classes at −∞
            var isLost = ~(has | e.IsZero);
            if ((uint)(largest - c) < (uint)TNumber.Count) isLost &= ~TNumber.LaneIs(largest - c);
            if ((uint)(y - c) < (uint)TNumber.Count) isLost &= ~TNumber.LaneIs(y - c);
            lacks |= isLost;
        }
        hasDigits &= TNumber.GetBits(lacks) == 0;
        return c;
    }

    /// <summary>What the exponentials and the target of a row are multiplied by.</summary>
    [method: MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly struct Part(in WideSoftmax softmax, in WideScore score, Dd factor, double leastPart)
    {
        /// <summary>The factor of an exponential.</summary>
        public readonly Dd Scale = softmax.Inverse * (score.LogSumExp - score.OfLargest - score.Others) * factor;

        /// <summary>The same by what that is computed from, without signs.</summary>
        public readonly double Size =
            softmax.Inverse.ToScalar() * (score.DerivativeSize + score.LogSumExpSize) * Math.Abs(factor.ToScalar());

        /// <summary>The part of what it is computed from that a result must have.</summary>
        public readonly double LeastPart = leastPart;

        /// <summary>The factor of t, or what is subtracted for each class.</summary>
        public Dd Shift { get; init; }

        /// <summary>Whether each class has a t of its own.</summary>
        public bool HasTarget { get; init; }

        /// <summary>A class that is not judged, beside the largest.</summary>
        public int Excepted { get; init; }
    }
}
