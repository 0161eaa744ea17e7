using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <content>From the sums of rows: their losses and gradients.</content>
internal sealed unsafe partial class PlainColumns
{
    /// <summary>Finds Σt − 1 of each row that has NaN there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FindSurpluses(in ColumnBlock block)
    {
        var results = stackalloc double[TargetSum.Count];
        for (var i = 0; i < block.Count; i += Rows)
        {
            var given = Vector256.Load(block.Surplus + i);
            if (Vector256.IsNaN(given).ExtractMostSignificantBits() == 0) continue;
            var classes = block.Classes(i);
            if (classes.HasDoubleTargets) TargetSum.Add((StoredFloat64*)classes.Targets, classes.Count, results);
            else TargetSum.Add((StoredFloat32*)classes.Targets, classes.Count, results);
            var all = TargetSum.Sum(results);
            var rest = all.Lo + TargetSum.Rest(results);
            Lanes.Select(Vector256.IsNaN(given), all.Hi - Vector256<double>.One + rest, given).Store(block.Surplus + i);
        }
    }

    /// <summary>Computes the losses, and what the gradients are made of.</summary>
    /// <returns>A bit for each row that has the digits of a double.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private uint Conclude<TNumber, TWide>(in ColumnBlock block)
        where TNumber : struct, IPlainNumbers<TNumber>
        where TWide : struct, IWideNumbers<TWide>
    {
        var haveDigits = 0u;
        var least = TNumber.Of(PlainScore.GetLeastPart(_arePlain || _targets.AreSmoothed));
        var (surplusFactor, areAlike, divisor) = (_formula.SurplusFactor, _losses.AreAlike, _losses.Divisor);
        var batchScale = _losses.Factor.Spread<TWide>();
        for (var i = 0; i < block.Count; i += TNumber.Count)
        {
            ref var nearest = ref block.Even(0)[i];
            var value = TWide.Load(in nearest) + TWide.Load(in block.Even(1)[i]);
            value += TWide.Load(in block.Odd(0)[i]) + TWide.Load(in block.Odd(1)[i]);
            if (surplusFactor > 0) value += TWide.Load(in block.Surplus[i]);
            else if (surplusFactor < 0) value -= TWide.Load(in block.Surplus[i]);
            value.StoreNearest(ref nearest);
            var size = TNumber.Load(in block.Even(2)[i]) + TNumber.Load(in block.Odd(2)[i]);
            var isDefined = TNumber.Load(in nearest).IsFinite & size.IsFinite & TNumber.Load(in block.Max[i]).IsFinite;
            var lacks = TNumber.LessThan(TNumber.Abs(TNumber.Load(in nearest)), least * size);
            haveDigits |= TNumber.GetBits(isDefined & ~lacks) << i;
            (TNumber.Load(in block.Even(3)[i]) + TNumber.Load(in block.Odd(3)[i])).StoreNearest(ref block.Even(3)[i]);
            (TNumber.Load(in block.Even(4)[i]) + TNumber.Load(in block.Odd(4)[i])).StoreNearest(ref block.Even(4)[i]);

            var scale = batchScale;
            if (!areAlike)
            {
                for (var row = i; row < i + TNumber.Count; row++) block.Factor[row] = _losses.GetSampleWeight(_rows[row]);
                scale = TWide.Load(in block.Factor[i]) * TWide.Load(in block.OfClasses[i]) * scale;
            }
            // overflows as it should
            TWide.Select(scale.IsZero, TWide.Zero, value * scale).Store(ref nearest, ref block.Even(1)[i]);
            scale.StoreNearest(ref block.Factor[i]);
            var factor = TNumber.Load(in block.Factor[i]) / TNumber.Of(divisor) * TNumber.Of(block.PerUnit);
            (_losses.IsNothing ? TNumber.Zero : factor).StoreNearest(ref block.Factor[i]);
        }
        return haveDigits;
    }

    /// <summary>Writes the gradients; those of rows that are scored again are overwritten then.</summary>
    /// <returns>A bit for each row whose gradient has its digits.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private uint Differentiate(double* memory, in ColumnBlock block)
    {
        var gradient = _scores.Gradient!;
        if (!_formula.IsOnLogits) _formula.DifferentiateColumns(block);
        var lacking = 0u;
        for (var i = 0; i < block.Count; i += Rows)
        {
            if ((_wantGradient >> i & 0xF) == 0) continue;
            if (!_formula.IsOnLogits) lacking |= Vector256.Load(block.Lacking + i).ExtractMostSignificantBits() << i;
            if (gradient.DType == DType.Float32) WriteFloats(gradient, memory, block, i);
            else WriteOthers(gradient, memory, block, i);
        }
        for (var i = 0; i < block.Count; i++)
        {
            if (block.Factor[i] != 0) continue;
            lacking &= ~(1u << i);
            if ((_wantGradient >> i & 1) != 0) gradient.Clear(_rows[i] * _classes, _classes);
        }
        return ~lacking;
    }

    /// <summary>What derivatives are multiplied by: those of a formula on logits are not yet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Vector256<double> FindParts(in ColumnBlock block, int first) =>
        _formula.IsOnLogits ? Vector256.Load(block.Factor + first) : Vector256<double>.One;

    private void WriteFloats(Tensor gradient, double* memory, in ColumnBlock block, int first)
    {
        // a row that is missing, or does not want its gradient, has it written to memory that nothing reads
        var unread = (StoredFloat32*)(memory + Start(Others) + Rows * _classes);
        var to = stackalloc StoredFloat32*[Rows];
        for (var i = 0; i < Rows; i++)
            to[i] = (_wantGradient >> first + i & 1) != 0 ? (StoredFloat32*)gradient.Data + _rows[first + i] * _classes : unread;
        SoftmaxColumns<StoredFloat32>.Write(block.Classes(first).Exponentials, _classes, FindParts(block, first), to);
    }

    private void WriteOthers(Tensor gradient, double* memory, in ColumnBlock block, int first)
    {
        var rows = memory + Start(Others) + Rows * _classes;
        var to = stackalloc StoredFloat64*[Rows];
        for (var i = 0; i < Rows; i++) to[i] = (StoredFloat64*)rows + i * _classes;
        SoftmaxColumns<StoredFloat64>.Write(block.Classes(first).Exponentials, _classes, FindParts(block, first), to);
        for (var i = 0; i < Rows; i++)
            if ((_wantGradient >> first + i & 1) != 0) gradient.Write(_rows[first + i] * _classes, new(to[i], _classes));
    }
}
