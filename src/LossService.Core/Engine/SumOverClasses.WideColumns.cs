using System.Runtime.CompilerServices;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <content>In sums of two doubles, of rows of few classes, side by side.</content>
internal partial class SumOverClasses<TTerm>
{
    /// <inheritdoc/>
    public sealed override bool HasWideColumns => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public sealed override void AddUpWideColumns(in WideBlock rows, double[] classWeight)
    {
        ReadLargest(rows, classWeight);
        if (Lanes.HasMost) AddUp<WideEight>(rows, classWeight);
        else AddUp<WideDouble>(rows, classWeight);
    }

    /// <summary>The target and the weight of each row's class with the largest logit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void ReadLargest(in WideBlock rows, double[] classWeight)
    {
        for (var i = 0; i < WideBlock.Rows; i++)
        {
            var k = (int)rows.Largest[i];
            rows.Targets.Copy(WideBlock.Find(i, k), rows.Own, i);
            rows.OwnSecond.SetOne(i, GetWeightOf<Dd>(classWeight, k));
        }
    }

    /// <summary>The weight of a class with its factor, in every lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TNumber GetWeightOf<TNumber>(double[] weights, int c) where TNumber : struct, IArithmetic<TNumber>
    {
        if (!TTerm.ReadsWeight) return TNumber.One;
        var weight = weights.Length == 0 ? TNumber.One : TNumber.Of(weights[c]);
        return classFactor is null ? weight : weight * TNumber.Of(classFactor[c]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private unsafe void AddUp<TNumber>(in WideBlock rows, double[] classWeight) where TNumber : struct, IWideNumbers<TNumber>
    {
        for (var i = 0; i < WideBlock.Rows; i += TNumber.Count)
        {
            var softmax = new WideSoftmaxLanes<TNumber>(rows, i);
            var (top, rest) = (TNumber.Load(in rows.Top[i]), rows.Rest.Load<TNumber>(i));
            var own = new ClassVector<TNumber>
            {
                LogP = -softmax.Log,
                P = softmax.Inverse,
                Q = softmax.OfLargest,
                T = rows.Own.Load<TNumber>(i),
                W = rows.OwnSecond.Load<TNumber>(i),
                SumsToOne = true,
                Rounding = TNumber.Load(in rows.Rounding[i]),
            };
            own.U = TNumber.Select(TNumber.IsEqual(top, softmax.Largest), rest, TNumber.One - own.T);
            var largest = term.At(own).PDerivative;
            var (value, size, others, derivativeSize) = (TNumber.Zero, TNumber.Zero, TNumber.Zero, TNumber.Zero);
            for (var c = 0; c < rows.Classes; c++)
            {
                var at = WideBlock.Find(i, c);
                rows.ReadSoftmax(i, c, softmax, ref own);
                own.T = rows.Targets.Load<TNumber>(at);
                own.U = TNumber.Select(TNumber.IsEqual(top, TNumber.Of(c)), rest, TNumber.One - own.T);
                own.W = GetWeightOf<TNumber>(classWeight, c);
                var terms = term.At(own);
                value += terms.Value;
                size += terms.Size;
                var (u, uSize) = Differentiate(own, terms, largest);
                rows.Derivatives.Store(at, u);
                uSize.StoreHigh(ref rows.Sizes[at]);
                derivativeSize += uSize;
                others += TNumber.Select(softmax.IsLargest(c), TNumber.Zero, u);
            }
            rows.Value.Store(i, value);
            size.StoreHigh(ref rows.Size[i]);
            rows.OtherDerivatives.Store(i, others);
            derivativeSize.StoreHigh(ref rows.DerivativeSize[i]);
        }
    }
}
