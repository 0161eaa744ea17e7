using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>The one loop of all formulas that are sums over classes.</summary>
internal class SumOverClasses<TTerm>(TTerm term) : CategoricalFormula where TTerm : struct, IClassTerm
{
    /// <summary>The classes after which a sum of plain doubles goes into a double-double: a long one would lose digits.</summary>
    private const int Run = 16 * Lanes.Width;

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
            var terms = term.At(row.Four(c, GetWeight(row.ClassWeight, c)));
            value += terms.Value;
            row.LogPDerivative.Store(c, terms.LogPDerivative);
            row.PDerivative.Store(c, terms.PDerivative);
        }
        return AddSurplus(Dd.SumOfLanes(value), row.SumsToOne, row.Surplus);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public sealed override PlainScore Score(in CategoricalRow<PlainDouble> row, in PlainSoftmax softmax)
    {
        var p = softmax;
        var (winner, winnerSize) = FindWinner(row, softmax);
        ref var derivatives = ref MemoryMarshal.GetReference(row.LogPDerivative.Hi);
        ref var derivativeSizes = ref MemoryMarshal.GetReference(row.Size);
        var (total, value, size) = (Dd.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
        var (derivative, derivativeSize) = (Vector256<double>.Zero, Vector256<double>.Zero);
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            var four = p.Four(row, c, GetWeight(row.ClassWeight, c));
            var terms = term.At(four);
            value += terms.Value.Round();
            if ((c & (Run - 1)) == Run - Lanes.Width)
            {
                total += value;
                value = Vector256<double>.Zero;
            }
            size += terms.Size;
            // p·v → 0 where p = 0 and v is infinite
            var isZero = four.P.IsZero;
            var u = terms.LogPDerivative.Round() + Vector256.AndNot(four.P.Round() * (terms.PDerivative.Round() - winner), isZero);
            var uSize = Vector256.Abs(terms.LogPDerivative.Round())
                + Vector256.AndNot(four.P.Round() * (terms.PSize + winnerSize), isZero);
            u.StoreUnsafe(ref derivatives, (nuint)c);
            uSize.StoreUnsafe(ref derivativeSizes, (nuint)c);
            derivative += u;
            derivativeSize += uSize;
        }
        return new(
            AddSurplus(Dd.SumOfLanes(total + value), true, new Dd(row.Surplus.Round())), Vector256.Sum(size),
            Vector256.Sum(derivative), Vector256.Sum(derivativeSize));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public sealed override Dd Curve(in CategoricalRow<Dd> row, in CurvatureRow curvature)
    {
        curvature.LogP.Clear();
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            var (scaled, ofP) = term.Curve(row.Four(c, GetWeight(row.ClassWeight, c)));
            curvature.Scaled.Store(c, scaled);
            curvature.P.Store(c, ofP);
        }
        return Dd.Zero;
    }

    /// <summary>The derivative on p of the largest class, and its size.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private (Vector256<double> Derivative, Vector256<double> Size) FindWinner(
        in CategoricalRow<PlainDouble> row, in PlainSoftmax softmax)
    {
        var (start, lane) = (softmax.Largest & -Lanes.Width, softmax.Largest & (Lanes.Width - 1));
        var terms = term.At(softmax.Four(row, start, GetWeight(row.ClassWeight, start)));
        return (Vector256.Create(terms.PDerivative.Round()[lane]), Vector256.Create(terms.PSize[lane]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> GetWeight(ReadOnlySpan<double> weights, int start) => weights.IsEmpty
        ? Vector256<double>.One
        : Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(weights), (nuint)start);

    private static Dd AddSurplus(Dd value, bool sumsToOne, Dd surplus)
    {
        if (TTerm.SurplusFactor == 0 || !sumsToOne) return value;
        return TTerm.SurplusFactor > 0 ? value + surplus : value - surplus;
    }
}
