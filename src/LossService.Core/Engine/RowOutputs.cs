using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;

namespace LossService.Core.Engine;

/// <summary>Writes what a row's distribution says, and adds it to the metrics, from any arithmetic.</summary>
internal sealed class RowOutputs(Batch batch, TargetRows? labels, SampleWeights weights, Scores scores)
{
    private readonly int _classes = batch.Predictions.Shape.Last;
    private readonly Dd _unit = batch.Unit == Unit.Bits ? Dd.One / Dd.Ln2 : Dd.One;

    /// <summary>Does what a row's work asks of these; the parameters are those of <see cref="Tally"/>.</summary>
    public void Add<TNumber>(long index, RowWork work, int hard, in CategoricalRow<TNumber> row, ReadOnlySpan<double> y, MetricsSum? tally)
        where TNumber : struct, IFourNumbers<TNumber>
    {
        if ((work & RowWork.Description) != 0) Write(index, row);
        if ((work & RowWork.Metrics) != 0 && tally is not null) Tally(tally, index, hard, row, y);
    }

    /// <summary>Writes what depends on the predictions alone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write<TNumber>(long index, in CategoricalRow<TNumber> row) where TNumber : struct, IFourNumbers<TNumber>
    {
        scores.Probabilities?.Write(index * _classes, row.P.Hi[.._classes]);
        scores.LogProbabilities?.Write(index * _classes, row.LogP.Hi[.._classes]);
        if (scores.Entropy is { } entropy)
        {
            var sum = TNumber.Zero;
            for (var c = 0; c < row.P.Length; c += Lanes.Width)
                sum -= TNumber.XLogY(row.P[c], row.LogP[c]);
            Span<double> value = [(NumberRow<TNumber>.SumOfLanes(sum) * TNumber.Of(_unit.Hi, _unit.Lo)).Round().ToScalar()];
            ResultNaN.Unify(value);
            entropy.Write(index, value);
        }
        scores.Predictions?.Write(index, [Ranking.FindMax(row.Z[.._classes])]);
    }

    /// <summary>Adds a row to the metrics.</summary>
    /// <param name="tally">The metrics.</param>
    /// <param name="index">The row's number.</param>
    /// <param name="hard">Its true class, or <see cref="TargetRows.Soft"/>.</param>
    /// <param name="row">Its distribution.</param>
    /// <param name="y">Its label, padded.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Tally<TNumber>(MetricsSum tally, long index, int hard, in CategoricalRow<TNumber> row, ReadOnlySpan<double> y)
        where TNumber : struct, IFourNumbers<TNumber>
    {
        var crossEntropy = TNumber.Zero;
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            var t = TNumber.Of(Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(y), (nuint)c));
            crossEntropy -= TNumber.XLogY(t, row.LogP[c]);
        }
        var label = labels!.FindLabel(index, hard, y[.._classes]);
        var best = Ranking.FindMax(row.Z[.._classes]);
        crossEntropy = NumberRow<TNumber>.SumOfLanes(crossEntropy);
        tally.Add(weights[index], new Dd(crossEntropy.Round(), crossEntropy.Rest()), best == label,
            Ranking.CountBefore(row.Z[.._classes], label));
        tally.AddToBin(weights[index], row.P.Hi[best], best == label ? 1 : 0);
        tally.Classes?.Add(weights[index], label, best);
        tally.ClassBins?.Add(weights[index], row.P.Hi[.._classes], y);
    }
}
