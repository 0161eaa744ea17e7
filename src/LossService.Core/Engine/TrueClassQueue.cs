using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Batches;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Outputs;

namespace LossService.Core.Engine;

/// <summary>
/// Rows of few classes whose value depends on the true class alone: ∂L/∂z_c is slope·p_c, and −slope·(1 − p_y) of the true class.
/// </summary>
/// <param name="batch">The batch.</param>
/// <param name="formula">The formula of the true class.</param>
/// <param name="classWeight">What it is multiplied by for each class; empty = 1.</param>
/// <param name="classFactor">The same, beside that.</param>
/// <param name="losses">What the losses are multiplied by, and where they go.</param>
/// <param name="scores">Where the gradients go.</param>
internal sealed unsafe class TrueClassQueue(
    Batch batch, TrueClassFormula formula, double[] classWeight, double[] classFactor, RowLosses losses, Scores scores)
    : WideQueue(batch, losses, scores)
{
    private readonly int[] _labels = new int[Rows];

    /// <summary>Adds a row.</summary>
    /// <param name="index">Its number.</param>
    /// <param name="work">What is wanted: its loss, its gradient, or both.</param>
    /// <param name="label">Its class.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(long index, RowWork work, int label)
    {
        _labels[Next] = label;
        var weight = Dd.One;
        if (classWeight.Length > 0) weight *= new Dd(classWeight[label]);
        if (classFactor.Length > 0) weight *= new Dd(classFactor[label]);
        Block.Weight.SetOne(Next, weight);
        Add(index, work, Losses.GetScale(index, label, default));
    }

    /// <inheritdoc/>
    protected override void Repeat(int row, int to)
    {
        base.Repeat(row, to);
        _labels[to] = _labels[row];
    }

    /// <inheritdoc/>
    protected override Dd GetSlope(int row) => Block.Slope.Load<Dd>(row);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override uint Score()
    {
        var areUsual = 0u;
        for (var i = 0; i < Rows; i++)
        {
            var at = WideBlock.Find(i, _labels[i]);
            Block.Logs.Copy(at, Block.Own, i);
            Block.Exponentials.Copy(at, Block.OwnSecond, i);
        }
        for (var i = 0; i < Rows; i += Lanes.Width)
        {
            var p = Block.OwnSecond.Load<Dd>(i) * Block.Inverse.Load<Dd>(i);
            var labels = Vector256.Create((double)_labels[i], _labels[i + 1], _labels[i + 2], _labels[i + 3]);
            var isLargest = Vector256.Equals(Vector256.Load(Block.Largest + i), labels);
            var q = Dd.Select(isLargest, Block.Others.Load<Dd>(i), Dd.One - p);
            var (value, slope) = formula.Score(Block.Own.Load<Dd>(i) - Block.Log.Load<Dd>(i), p, q);
            var weight = Block.Weight.Load<Dd>(i);
            Block.Value.Store(i, value * weight);
            Block.Slope.Store(i, slope * weight);
            Block.Own.Store(i, q);
            areUsual |= WideScorer.AreUsual(value * weight).ExtractMostSignificantBits() << i;
        }
        return areUsual;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override uint Differentiate()
    {
        if (Lanes.HasMost) WriteP<WideEight>();
        else WriteP<WideDouble>();
        var areUsual = 0u;
        for (var i = 0; i < Rows; i += Lanes.Width)
        {
            var factor = Block.Factor.Load<Dd>(i);
            // of a sample that weighs nothing, all are 0
            areUsual |= (WideScorer.AreUsual(factor) | factor.IsZero).ExtractMostSignificantBits() << i;
            Block.Own.Store(i, -(factor * Block.Own.Load<Dd>(i)));
        }
        for (var i = 0; i < Rows; i++) Block.Exponentials.Hi[WideBlock.Find(i, _labels[i])] = Block.Own.Hi[i];
        return areUsual;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void WriteP<TNumber>() where TNumber : struct, IWideNumbers<TNumber>
    {
        for (var i = 0; i < Rows; i += TNumber.Count)
        {
            var all = Block.Inverse.Load<TNumber>(i) * Block.Factor.Load<TNumber>(i);
            for (var c = 0; c < Block.Classes; c++)
            {
                var at = WideBlock.Find(i, c);
                (Block.Exponentials.Load<TNumber>(at) * all).StoreNearest(ref Block.Exponentials.Hi[at]);
            }
        }
    }
}
