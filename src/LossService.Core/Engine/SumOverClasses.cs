using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>The one loop of all formulas that are sums over classes.</summary>
internal partial class SumOverClasses<TTerm>(TTerm term) : CategoricalFormula where TTerm : struct, IClassTerm
{
    /// <summary>The terms of a lane after which a sum of plain doubles goes into a double-double: a long one would lose digits.</summary>
    private const int LongRun = 16, ShortRun = 4;

    /// <inheritdoc/>
    public sealed override bool NeedsSurplus => TTerm.SurplusFactor != 0;

    /// <inheritdoc/>
    public override bool IsGeneric => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public sealed override Dd Score(in CategoricalRow<Dd> row)
    {
        var value = Dd.Zero;
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            var terms = term.At(row.Four(c, GetWeight<Dd>(row.ClassWeight, c)));
            value += terms.Value;
            row.LogPDerivative.Store(c, terms.LogPDerivative);
            row.PDerivative.Store(c, terms.PDerivative);
        }
        return AddSurplus(Dd.SumOfLanes(value), row.SumsToOne, row.Surplus);
    }

    /// <inheritdoc/>
    public sealed override PlainScore Score(in CategoricalRow<PlainDouble> row, in PlainSoftmax softmax)
    {
        var sums = default(PlainSums);
        var (winner, winnerSize) = FindWinner(row, softmax);
        (sums.Winner, sums.WinnerSize) = (Vector256.Create(winner), Vector256.Create(winnerSize));
        var done = Lanes.HasMost ? AddUp<PlainEight>(row, softmax, LongRun, 0, ref sums) : 0;
        AddUp<PlainDouble>(row, softmax, LongRun, done, ref sums);
        return new(
            AddSurplus(Dd.SumOfLanes(sums.Total + sums.Value), true, new Dd(row.Surplus.Round())), Vector256.Sum(sums.Size),
            Vector256.Sum(sums.Derivative), Vector256.Sum(sums.DerivativeSize));
    }

    /// <summary>Scores the classes from <paramref name="start"/> on, as far as there are whole vectors.</summary>
    /// <returns>The first class that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private int AddUp<TNumber>(in CategoricalRow<PlainDouble> row, in PlainSoftmax softmax, int run, int start, ref PlainSums sums)
        where TNumber : struct, IPlainNumbers<TNumber>
    {
        // sums in locals stay in registers
        var (p, total, value, size) = (softmax, sums.Total, sums.Value, sums.Size);
        var (derivative, derivativeSize) = (sums.Derivative, sums.DerivativeSize);
        var (winner, winnerSize) = (TNumber.Repeat(sums.Winner), TNumber.Repeat(sums.WinnerSize));
        ref var derivatives = ref MemoryMarshal.GetReference(row.LogPDerivative.Hi);
        ref var derivativeSizes = ref MemoryMarshal.GetReference(row.Size);
        var c = start;
        for (; c <= row.P.Length - TNumber.Count; c += TNumber.Count)
        {
            var classes = p.Read(row, c, GetWeight<TNumber>(row.ClassWeight, c));
            var terms = term.At(classes);
            value = TNumber.Add(value, terms.Value);
            if (((c + TNumber.Count) & (run * Lanes.Width - 1)) == 0)
            {
                total += value;
                value = Vector256<double>.Zero;
            }
            size = TNumber.Add(size, terms.Size);
            // p·v → 0 where p = 0 and v is infinite
            var isZero = classes.P.IsZero;
            var u = terms.LogPDerivative + TNumber.Select(isZero, TNumber.Zero, classes.P * (terms.PDerivative - winner));
            var uSize = TNumber.Abs(terms.LogPDerivative)
                + TNumber.Select(isZero, TNumber.Zero, classes.P * (terms.PSize + winnerSize));
            u.StoreNearest(ref Unsafe.Add(ref derivatives, c));
            uSize.StoreNearest(ref Unsafe.Add(ref derivativeSizes, c));
            derivative = TNumber.Add(derivative, u);
            derivativeSize = TNumber.Add(derivativeSize, uSize);
        }
        (sums.Total, sums.Value, sums.Size) = (total, value, size);
        (sums.Derivative, sums.DerivativeSize) = (derivative, derivativeSize);
        return c;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public sealed override Dd Curve(in CategoricalRow<Dd> row, in CurvatureRow curvature)
    {
        curvature.LogP.Clear();
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            var (scaled, ofP) = term.Curve(row.Four(c, GetWeight<Dd>(row.ClassWeight, c)));
            curvature.Scaled.Store(c, scaled);
            curvature.P.Store(c, ofP);
        }
        return Dd.Zero;
    }

    /// <summary>The derivative on p of the largest class, and its size.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private (double Derivative, double Size) FindWinner(in CategoricalRow<PlainDouble> row, in PlainSoftmax softmax)
    {
        var (start, lane) = (softmax.Largest & -Lanes.Width, softmax.Largest & (Lanes.Width - 1));
        var terms = term.At(softmax.Read(row, start, GetWeight<PlainDouble>(row.ClassWeight, start)));
        return (terms.PDerivative.Round()[lane], terms.PSize.Round()[lane]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TNumber GetWeight<TNumber>(ReadOnlySpan<double> weights, int start) where TNumber : struct, IArithmetic<TNumber> =>
        weights.IsEmpty ? TNumber.One : TNumber.Load(ref Unsafe.Add(ref MemoryMarshal.GetReference(weights), start));

    private static Dd AddSurplus(Dd value, bool sumsToOne, Dd surplus)
    {
        if (TTerm.SurplusFactor == 0 || !sumsToOne) return value;
        return TTerm.SurplusFactor > 0 ? value + surplus : value - surplus;
    }
}
