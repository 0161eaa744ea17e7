using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <content>The loop in sums of two doubles.</content>
internal partial class SumOverClasses<TTerm>
{
    /// <inheritdoc/>
    public sealed override bool IsWide => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public sealed override WideScore Score(in CategoricalRow<Dd> row, in WideSoftmax softmax)
    {
        var sums = default(WideSums);
        var largest = FindDerivative(row, softmax);
        var done = Lanes.HasMost ? AddUp<WideEight>(row, softmax, largest, 0, ref sums) : 0;
        AddUp<WideDouble>(row, softmax, largest, done, ref sums);
        return new(
            AddSurplus(sums.Value.Total, row.Surplus), sums.Size.Total, row.LogPDerivative.Broadcast(softmax.Largest),
            sums.Others.Total, sums.DerivativeSize.Total);
    }

    /// <summary>Scores the classes from <paramref name="start"/> on, as far as there are whole vectors.</summary>
    /// <returns>The first class that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private int AddUp<TNumber>(in CategoricalRow<Dd> row, in WideSoftmax softmax, Dd ofLargest, int start, ref WideSums sums)
        where TNumber : struct, IWideNumbers<TNumber>
    {
        var p = softmax;
        var largest = ofLargest.Spread<TNumber>();
        ref var sizes = ref MemoryMarshal.GetReference(row.Size);
        var c = start;
        for (; c <= row.P.Length - TNumber.Count; c += TNumber.Count)
        {
            var classes = p.Read(row, c, GetWeight<TNumber>(row.ClassWeight, c));
            var terms = term.At(classes);
            sums.Value.Add(c, terms.Value);
            sums.Size.Add(c, terms.Size);
            var (u, size) = Differentiate(classes, terms, largest);
            row.LogPDerivative.Store(c, u);
            size.StoreHigh(ref Unsafe.Add(ref sizes, c));
            sums.DerivativeSize.Add(c, size);
            sums.Others.AddBut(p.Largest, c, u);
        }
        return c;
    }

    /// <summary>u_c of <see cref="WideScore"/>, and its size.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (TNumber Value, TNumber Size) Differentiate<TNumber>(
        in ClassVector<TNumber> classes, in ClassResult<TNumber> terms, TNumber largest) where TNumber : struct, IWideNumbers<TNumber>
    {
        var (u, size) = (terms.LogPDerivative, TNumber.Abs(terms.LogPDerivative) + terms.LogPSize);
        if (!TTerm.HasPDerivative) return (u, size);
        // a class at −∞ has no finite log p
        var isNone = classes.P.IsZero;
        u += TNumber.Select(isNone, TNumber.Zero, classes.P * (terms.PDerivative - largest));
        return (u, size + TNumber.Select(isNone, TNumber.Zero, classes.P * terms.PSize));
    }

    /// <summary>The derivative on p of the largest class.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private Dd FindDerivative(in CategoricalRow<Dd> row, in WideSoftmax softmax)
    {
        var (start, lane) = (softmax.Largest & -Lanes.Width, softmax.Largest & (Lanes.Width - 1));
        var derivative = term.At(softmax.Read(row, start, GetWeight<WideDouble>(row.ClassWeight, start))).PDerivative;
        return new(derivative.Round()[lane], derivative.Rest()[lane]);
    }
}
