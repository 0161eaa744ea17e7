using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Outputs;

namespace LossService.Core.Engine;

/// <summary>What a row's value is multiplied by, and where the product goes.</summary>
/// <param name="batch">The batch.</param>
/// <param name="weights">The weights of its samples.</param>
/// <param name="classWeights">The weights of its classes, where they multiply the whole value; else those that are all 1.</param>
/// <param name="scores">Where to.</param>
internal sealed class RowLosses(Batch batch, SampleWeights weights, ClassWeights classWeights, Scores scores)
{
    private readonly Dd _factor = batch.Factor;

    // most rows have the weight of the row before: its quotient took a good part of a short row's time
    private (Dd Scale, Dd Result) _last = (new(double.NaN), Dd.Zero);

    /// <summary>The row's weight, in the batch's unit, with T² where that is asked for.</summary>
    public Dd GetScale(long index, int hard, ReadOnlySpan<double> y)
    {
        var weight = new Dd(weights[index]);
        if (!classWeights.AreOne) weight *= new Dd(classWeights.Of(hard, y));
        return weight * _factor;
    }

    /// <summary>The row's weight in the reduced loss; 0 where that is nothing.</summary>
    public Dd GetGradientScale(Dd scale)
    {
        if (scale.Hi == _last.Scale.Hi && scale.Lo == _last.Scale.Lo) return _last.Result;
        var result = weights.IsNothing || scale.ToScalar() == 0 ? Dd.Zero : scale / new Dd(weights.Divisor);
        _last = (scale, result);
        return result;
    }

    /// <summary>Adds value·scale to the sum, and writes it.</summary>
    public void Add(long index, Dd value, Dd scale, ExactSum sum)
    {
        // overflows as it should
        var loss = scale.ToScalar() == 0 ? Dd.Zero : value * scale;
        sum.Add(loss.ToScalar());
        sum.Add(loss.Lo[0]);
        scores.Losses?.Write(index, [loss.ToScalar()]);
    }
}
