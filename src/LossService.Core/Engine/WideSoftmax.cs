using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>
/// The softmax of a row in sums of two doubles: p, 1 − p and log p of any classes, with an error of about 2⁻⁶⁹, for results of 53 bits.
/// </summary>
internal readonly struct WideSoftmax
{
    /// <summary>Below this log p, p may lack digits: its low part underflows.</summary>
    public const double LeastLog = -600;

    /// <summary>A result that is less loses digits of the low part to underflow.</summary>
    public const double LeastDerivative = 1e-280;

    private readonly Dd _inverse, _log;
    private readonly double _max, _temperature, _biasOfMax;

    /// <summary>Stores z/T + b less the largest, and the exponentials of that, in the places of log p and p of a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="temperature">T.</param>
    /// <param name="bias">b, padded; empty = 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public WideSoftmax(in CategoricalRow<Dd> row, double temperature, double[] bias)
    {
        Largest = bias.Length == 0 ? Ranking.FindMax(row.Z) : ClassBias.FindMax(row.Z, temperature, bias);
        if (!double.IsFinite(row.Z[Largest])) return;
        var (sum, isTiny) = (default(WideSum), false);
        var done = Lanes.HasMost ? StoreExponentials<WideEight>(row, Largest, temperature, bias, 0, ref sum, ref isTiny) : 0;
        StoreExponentials<WideDouble>(row, Largest, temperature, bias, done, ref sum, ref isTiny);
        IsDefined = !isTiny;
        var others = sum.Total;
        _inverse = Dd.One / (Dd.One + others);
        _log = Dd.Log1p(others);
        QOfLargest = others * _inverse;
        (_max, _temperature, _biasOfMax) = (row.Z[Largest], temperature, bias.Length > 0 ? bias[Largest] : 0);
    }

    /// <summary>Whether all p have their digits; the others, and limits, are for double-double.</summary>
    public bool IsDefined { get; }

    /// <summary>A class with the largest logit.</summary>
    public int Largest { get; }

    /// <summary>1 − p of that class, by the sum of the others.</summary>
    public Dd QOfLargest { get; }

    /// <summary>−log p of that class.</summary>
    public Dd Log => _log;

    /// <summary>p of that class: the factor that makes p of exponentials.</summary>
    public Dd Inverse => _inverse;

    /// <summary>logsumexp(z/T + b).</summary>
    public Dd LogSumExp => _log + (new Dd(_max) / new Dd(_temperature) + new Dd(_biasOfMax));

    /// <summary>What that is a sum of, without signs.</summary>
    public double LogSumExpSize => _log.ToScalar() + Math.Abs((LogSumExp - _log).ToScalar());

    /// <summary>log p, p and 1 − p of one class.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public (Dd LogP, Dd P, Dd Q) Get(in CategoricalRow<Dd> row, int index)
    {
        var p = row.P.Broadcast(index) * _inverse;
        return (row.LogP.Broadcast(index) - _log, p, index == Largest ? QOfLargest : Dd.One - p);
    }

    /// <summary>The factor that makes p of exponentials.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TNumber GetInverse<TNumber>() where TNumber : struct, IArithmetic<TNumber> => _inverse.Spread<TNumber>();

    /// <summary>The classes of a vector with their weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ClassVector<TNumber> Read<TNumber>(in CategoricalRow<Dd> row, int start, TNumber weight)
        where TNumber : struct, IWideNumbers<TNumber>
    {
        var p = row.P.Load<TNumber>(start) * _inverse.Spread<TNumber>();
        var q = TNumber.One - p;
        if ((uint)(Largest - start) < (uint)TNumber.Count)
            q = TNumber.Select(TNumber.LaneIs(Largest - start), QOfLargest.Spread<TNumber>(), q);
        var t = row.T.Load<TNumber>(start);
        var u = TNumber.One - t;
        if ((uint)(row.Top - start) < (uint)TNumber.Count)
            u = TNumber.Select(TNumber.LaneIs(row.Top - start), row.Rest.Spread<TNumber>(), u);
        var hasLogT = row.LogT.Length > 0;
        return new()
        {
            LogP = row.LogP.Load<TNumber>(start) - _log.Spread<TNumber>(),
            P = p,
            Q = q,
            T = t,
            U = u,
            W = weight,
            SumsToOne = true,
            HasExactTarget = row.HasExactTarget,
            Rounding = TNumber.Of(row.HasExactTarget ? 0 : 1),
            HasLogT = hasLogT,
            LogT = hasLogT ? row.LogT.Load<TNumber>(start) : TNumber.Zero,
        };
    }

    /// <summary>Writes p of every class.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void WriteP(in CategoricalRow<Dd> row, NumberRow<Dd> to)
    {
        for (var c = 0; c < row.P.Length; c += Lanes.Width) to.Store(c, row.P.Load<WideDouble>(c) * GetInverse<WideDouble>());
    }

    /// <summary>Replaces the exponentials of a row by p, and the logits by log p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Distribute(in CategoricalRow<Dd> row)
    {
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            row.P.Store(c, row.P[c] * _inverse);
            row.LogP.Store(c, row.LogP[c] - _log);
        }
    }

    /// <summary>Writes factor·p of every class, each rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void WriteP(in CategoricalRow<Dd> row, Dd factor, Span<double> result)
    {
        var all = _inverse * factor;
        var done = Lanes.HasMost ? WriteProducts<WideEight>(row.P, all, result, 0) : 0;
        WriteProducts<WideDouble>(row.P, all, result, done);
    }

    /// <summary>
    /// Writes (u_c − p_c·(Σu − λ))·factor of every class, the softmax's backward step, each rounded once, with λ = ∂L/∂logsumexp; of the
    /// largest class k, whose p may be near 1, it is (u_k·(1 − p_k) − p_k·(Σ_{c≠k} u_c − λ))·factor.
    /// </summary>
    /// <param name="row">The row that has been scored.</param>
    /// <param name="score">Its score.</param>
    /// <param name="factor">What the derivatives are multiplied by.</param>
    /// <param name="leastPart">The part of what it is computed from that a result must have.</param>
    /// <param name="result">Receives the results.</param>
    /// <returns>Whether every result has its digits, so that it is no small difference of large numbers.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryCombine(in CategoricalRow<Dd> row, in WideScore score, Dd factor, double leastPart, Span<double> result)
    {
        var (k, hasDigits) = (Largest, true);
        var done = Lanes.HasMost ? Combine<WideEight>(row, score, factor, leastPart, result, 0, ref hasDigits) : 0;
        Combine<WideDouble>(row, score, factor, leastPart, result, done, ref hasDigits);
        return TryFindLargest(score, row.Size[k], factor, leastPart, out result[k]) && hasDigits;
    }

    /// <summary>That of the largest class alone; false where it lacks digits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryFindLargest(in WideScore score, double ownSize, Dd factor, double leastPart, out double result)
    {
        var g = score.OfLargest * QOfLargest - _inverse * (score.Others - score.LogSumExp);
        var size = ownSize * QOfLargest.ToScalar() + _inverse.ToScalar() * (score.DerivativeSize - ownSize + score.LogSumExpSize);
        result = (g * factor).ToScalar();
        return double.IsFinite(result) && Math.Abs(g.ToScalar()) >= size * leastPart + LeastDerivative;
    }

    /// <summary>Does the classes from <paramref name="start"/> on, as far as there are whole vectors; adds all but the largest.</summary>
    /// <returns>The first class that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int StoreExponentials<TNumber>(
        in CategoricalRow<Dd> row, int largest, double temperature, double[] bias, int start, ref WideSum sum, ref bool isTiny)
        where TNumber : struct, IWideNumbers<TNumber>
    {
        ref var z = ref MemoryMarshal.GetReference(row.Z);
        ref var b = ref MemoryMarshal.GetArrayDataReference(bias);
        var (max, divisor) = (TNumber.Of(row.Z[largest]), TNumber.Of(temperature));
        var (least, lowest, none) = (TNumber.Of(LeastLog), TNumber.Of(double.MinValue), TNumber.Of(double.NegativeInfinity));
        var lacks = TNumber.Zero;
        var (isDivided, isBiased) = (temperature != 1, bias.Length > 0);
        var biasOfMax = TNumber.Of(isBiased ? bias[largest] : 0);
        var (own, other, c) = (TNumber.Zero, TNumber.Zero, start);
        for (; c <= row.Z.Length - TNumber.Count; c += TNumber.Count)
        {
            var logits = TNumber.Load(ref Unsafe.Add(ref z, c));
            var d = logits - max;
            if (isDivided) d /= divisor;
            if (isBiased) d += TNumber.Load(ref Unsafe.Add(ref b, c)) - biasOfMax;
            if (TNumber.GetBits(TNumber.LessThan(least, d)) != (1u << TNumber.Count) - 1)
            {
                // a class at −∞, as those of the padding are, has p = 0 and lacks nothing
                var isNone = TNumber.LessThan(logits, lowest);
                d = TNumber.Select(isNone, none, d);
                lacks |= ~(TNumber.LessThan(least, d) | isNone);
            }
            var e = TNumber.FineExpOfDifference(d);
            // a difference is normalized, and so is an exponential
            if (isDivided || isBiased) row.LogP.Store(c, d);
            else row.LogP.StoreNormalized(c, d);
            row.P.StoreNormalized(c, e);
            // the largest's e is exactly 1; in the sum it would cost the others their low digits
            if ((uint)(largest - c) < (uint)TNumber.Count) e = TNumber.Select(TNumber.LaneIs(largest - c), TNumber.Zero, e);
            if (TNumber.Count == Lanes.Most) own += e;
            else (own, other) = (other, own + e);
        }
        sum.AddRun(c, own, other);
        isTiny |= TNumber.GetBits(lacks) != 0;
        return c;
    }

    /// <summary>Writes products from <paramref name="start"/> on, each rounded once, as far as there are whole vectors.</summary>
    /// <returns>The first that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static int WriteProducts<TNumber>(NumberRow<Dd> numbers, Dd factor, Span<double> result, int start)
        where TNumber : struct, IWideNumbers<TNumber>
    {
        var all = factor.Spread<TNumber>();
        ref var to = ref MemoryMarshal.GetReference(result);
        var c = start;
        for (; c <= numbers.Length - TNumber.Count; c += TNumber.Count)
            (numbers.Load<TNumber>(c) * all).StoreNearest(ref Unsafe.Add(ref to, c));
        return c;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private int Combine<TNumber>(
        in CategoricalRow<Dd> row, in WideScore score, Dd factor, double leastPart, Span<double> result, int start, ref bool hasDigits)
        where TNumber : struct, IWideNumbers<TNumber>
    {
        ref var to = ref MemoryMarshal.GetReference(result);
        ref var sizes = ref MemoryMarshal.GetReference(row.Size);
        var (inverse, scale) = (_inverse.Spread<TNumber>(), factor.Spread<TNumber>());
        var total = (score.OfLargest + score.Others - score.LogSumExp).Spread<TNumber>();
        var all = TNumber.Of(score.DerivativeSize + score.LogSumExpSize);
        var least = TNumber.Of(LeastDerivative);
        var (lacks, k) = (TNumber.Zero, Largest);
        var c = start;
        for (; c <= row.P.Length - TNumber.Count; c += TNumber.Count)
        {
            var p = row.P.Load<TNumber>(c) * inverse;
            var g = row.LogPDerivative.Load<TNumber>(c) - p * total;
            var size = TNumber.Load(ref Unsafe.Add(ref sizes, c)) + p * all;
            var product = g * scale;
            product.StoreNearest(ref Unsafe.Add(ref to, c));
            var isLost = (TNumber.IsLost(g, size, leastPart) | TNumber.LessThan(TNumber.Abs(g), least) | ~product.IsFinite) & ~p.IsZero;
            if ((uint)(k - c) < (uint)TNumber.Count) isLost &= ~TNumber.LaneIs(k - c);
            lacks |= isLost;
        }
        hasDigits &= TNumber.GetBits(lacks) == 0;
        return c;
    }
}
