using System.Numerics;
using System.Runtime.CompilerServices;
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Dd GetScale(long index, int hard, ReadOnlySpan<double> y)
    {
        if (AreAlike) return _factor;
        var weight = new Dd(weights[index]);
        if (!classWeights.AreOne) weight *= new Dd(classWeights.Of(hard, y));
        return weight * _factor;
    }

    /// <summary>What every scale is a multiple of.</summary>
    public Dd Factor => _factor;

    /// <summary>Whether each row's scale is that.</summary>
    public bool AreAlike { get; } = weights.ArePlain && classWeights.AreOne;

    /// <summary>What a scale is divided by in the gradient.</summary>
    public double Divisor => weights.Divisor;

    /// <summary>Whether the gradient is 0 because the loss is a mean over nothing.</summary>
    public bool IsNothing => weights.IsNothing;

    /// <summary>The weight of a sample.</summary>
    public double GetSampleWeight(long index) => weights[index];

    /// <summary>Whether a row's weight depends on its classes.</summary>
    public bool WeighClasses => !classWeights.AreOne;

    /// <summary>What the row's weight is multiplied by because of its classes.</summary>
    public double GetClassWeight(int hard, ReadOnlySpan<double> y) => classWeights.AreOne ? 1 : classWeights.Of(hard, y);

    /// <summary>The weight of a row, or of four, in the reduced loss; 0 where that is nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Dd GetGradientScale(Dd scale)
    {
        if (scale.Hi == _last.Scale.Hi && scale.Lo == _last.Scale.Lo) return _last.Result;
        var result = weights.IsNothing ? Dd.Zero : Dd.Select(scale.IsZero, Dd.Zero, scale / new Dd(weights.Divisor));
        _last = (scale, result);
        return result;
    }

    /// <summary>Adds value·scale to the sum, and writes it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(long index, Dd value, Dd scale, ExactSum sum)
    {
        // overflows as it should
        var loss = scale.ToScalar() == 0 ? Dd.Zero : value * scale;
        sum.Add(loss.ToScalar());
        sum.Add(loss.Lo[0]);
        scores.Losses?.Write(index, [loss.ToScalar()]);
    }

    /// <summary>Adds the losses of rows that were scored together to the sum, and writes them.</summary>
    /// <param name="rows">The numbers of the rows.</param>
    /// <param name="wanted">A bit for each row that has a loss; what stands for others becomes 0.</param>
    /// <param name="values">The losses with their scales, then what rounding took from each.</param>
    /// <param name="sum">The sum.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(long[] rows, uint wanted, Span<double> values, ExactSum sum)
    {
        for (var others = ~wanted & (uint.MaxValue >> (32 - rows.Length)); others != 0; others &= others - 1)
        {
            var i = BitOperations.TrailingZeroCount(others);
            (values[i], values[rows.Length + i]) = (0, 0);
        }
        sum.Add(values);
        if (scores.Losses is not { } losses) return;
        for (; wanted != 0; wanted &= wanted - 1)
        {
            var i = BitOperations.TrailingZeroCount(wanted);
            losses.Write(rows[i], values.Slice(i, 1));
        }
    }
}
