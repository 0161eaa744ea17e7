using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <content>Four short rows side by side, in plain double.</content>
internal partial class SumOverClasses<TTerm>
{
    /// <inheritdoc/>
    public sealed override bool HasColumns => !TTerm.ReadsNumber;

    /// <inheritdoc/>
    public sealed override PlainScores ScoreColumns(in CategoricalRow<PlainDouble> rows, in PlainSoftmax softmax)
    {
        var sums = default(PlainSums);
        var winners = FindWinners(rows, softmax);
        (sums.Winner, sums.WinnerSize) = (winners.PDerivative.Round(), winners.PSize.Round());
        var done = Lanes.HasMost ? AddUp<PlainEight>(rows, softmax, ShortRun, 0, ref sums) : 0;
        AddUp<PlainDouble>(rows, softmax, ShortRun, done, ref sums);
        return new(
            AddSurplus(sums.Total + sums.Value, true, new Dd(rows.Surplus.Round())), sums.Size, sums.Derivative, sums.DerivativeSize);
    }

    /// <summary>What the class of each row contributes that has the largest logit; of equal ones, the first.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private ClassResult<PlainDouble> FindWinners(in CategoricalRow<PlainDouble> rows, in PlainSoftmax softmax)
    {
        var (target, weight) = (Vector256<double>.Zero, Vector256<double>.Zero);
        for (var c = rows.P.Length - Lanes.Width; c >= 0; c -= Lanes.Width)
        {
            var isLargest = Vector256.Equals(rows.P[c].Round(), Vector256<double>.One);
            target = Vector256.ConditionalSelect(isLargest, rows.T[c].Round(), target);
            weight = Vector256.ConditionalSelect(isLargest, GetWeight<PlainDouble>(rows.ClassWeight, c).Round(), weight);
        }
        return term.At(softmax.ReadLargest(rows, target, weight));
    }
}
