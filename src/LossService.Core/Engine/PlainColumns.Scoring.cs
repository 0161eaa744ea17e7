using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <content>The losses and gradients of four rows that have been read.</content>
internal sealed partial class PlainColumns
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Score(int count, in PlainSoftmax softmax, ExactSum sum, StoredFloat64** rows)
    {
        var block = new CategoricalRow<PlainDouble>
        {
            Classes = Rows * _classes,
            Hard = TargetRows.Soft,
            SumsToOne = true,
            Surplus = PlainDouble.Load(ref _surplus[0]),
            Top = -1,
            HasExactTarget = _areExact,
            Z = Part(Logits),
            T = Pair(Targets),
            P = Pair(Exponentials),
            LogPDerivative = Pair(Derivatives),
            Size = Part(Sizes),
            ClassWeight = _isWeighted ? Part(Weights) : default,
            LogP = default,
            Q = default,
            PDerivative = default,
        };
        var scores = _formula.ScoreColumns(block, softmax);
        var scale = _losses.GetScales(_rows, Vector256.LoadUnsafe(ref _ofClasses[0]));
        var haveDigits = scores.HaveDigits(_arePlain || _targets.AreSmoothed) & softmax.AreDefined;
        AddLosses(count, scores.Value, scale, haveDigits, sum);
        if (_scores.Gradient is not { } gradient || !AnyWantsGradient(count)) return;
        var lost = Combine(block, softmax, scores, _losses.GetGradientScale(scale).Hi * Vector256.Create(_perUnit));
        Write(count, gradient, rows);
        for (var i = 0; i < count; i++)
            if (haveDigits[i] != 0 && lost[i] == 0) _work[i] &= ~RowWork.Gradient;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddLosses(int count, Dd value, Dd scale, Vector256<double> haveDigits, ExactSum sum)
    {
        // overflows as it should
        var loss = Dd.Select(scale.IsZero, Dd.Zero, value * scale);
        Span<double> added = stackalloc double[2 * Rows];
        added.Clear();
        for (var i = 0; i < count; i++)
        {
            if (haveDigits[i] == 0 || (_work[i] & RowWork.Loss) == 0) continue;
            _work[i] &= ~RowWork.Loss;
            (added[i], added[Rows + i]) = (loss.Hi[i], loss.Lo[i]);
            _scores.Losses?.Write(_rows[i], added.Slice(i, 1));
        }
        sum.Add(added);
    }

    private bool AnyWantsGradient(int count)
    {
        var all = RowWork.None;
        for (var i = 0; i < count; i++) all |= _work[i];
        return (all & RowWork.Gradient) != 0;
    }

    /// <summary>Replaces the derivatives by the gradients; returns above 0 for each row that lacks digits.</summary>
    private static Vector256<double> Combine(
        in CategoricalRow<PlainDouble> block, in PlainSoftmax softmax, in PlainScores scores, Vector256<double> scale)
    {
        var (done, lost) = (0, Vector256<double>.Zero);
        if (Lanes.HasMost) done = Combine<PlainEight>(block, softmax, scores, scale, 0, ref lost);
        Combine<PlainDouble>(block, softmax, scores, scale, done, ref lost);
        return lost;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int Combine<TNumber>(in CategoricalRow<PlainDouble> block, in PlainSoftmax softmax, in PlainScores scores,
        Vector256<double> scale, int start, ref Vector256<double> lost) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var (p, lacking, c) = (softmax, lost, start);
        var (sum, all, factor) = (TNumber.Repeat(scores.Derivative), TNumber.Repeat(scores.DerivativeSize), TNumber.Repeat(scale));
        var (least, isNothing) = (TNumber.Of(SoftmaxKernel<StoredFloat32>.LeastPart), factor.IsZero);
        ref var e = ref MemoryMarshal.GetReference(block.P.Hi);
        ref var u = ref MemoryMarshal.GetReference(block.LogPDerivative.Hi);
        ref var sizes = ref MemoryMarshal.GetReference(block.Size);
        for (; c <= block.Classes - TNumber.Count; c += TNumber.Count)
        {
            var g = p.Backward(TNumber.Load(ref Unsafe.Add(ref e, c)), TNumber.Load(ref Unsafe.Add(ref u, c)),
                TNumber.Load(ref Unsafe.Add(ref sizes, c)), sum, all, out var size);
            var lacks = TNumber.LessThan(TNumber.Abs(g), size * least);
            g *= factor;
            lacks = ~isNothing & (lacks | ~g.IsFinite);
            lacking = TNumber.Add(lacking, TNumber.Select(lacks, TNumber.One, TNumber.Zero));
            TNumber.Select(isNothing, TNumber.Zero, g).StoreNearest(ref Unsafe.Add(ref u, c));
        }
        lost = lacking;
        return c;
    }

    /// <summary>Writes the gradients of the rows; those of rows that are scored again are overwritten then.</summary>
    private unsafe void Write(int count, Tensor gradient, StoredFloat64** rows)
    {
        fixed (double* memory = _memory.Span)
        {
            var from = (double*)Locate(memory, Derivatives);
            // a row that is missing, or does not want its gradient, has it written to memory that nothing reads
            var unread = Locate(memory, RowLogits);
            if (gradient.DType == DType.Float32)
            {
                var to = stackalloc StoredFloat32*[Rows];
                for (var i = 0; i < Rows; i++)
                    to[i] = Wants(i, count) ? (StoredFloat32*)gradient.Data + _rows[i] * _classes : (StoredFloat32*)unread;
                SoftmaxColumns<StoredFloat32>.Write(from, _classes, Vector256<double>.One, to);
                return;
            }
            for (var i = 0; i < Rows; i++) rows[i] = unread + i * _classes;
            SoftmaxColumns<StoredFloat64>.Write(from, _classes, Vector256<double>.One, rows);
            for (var i = 0; i < count; i++)
                if (Wants(i, count)) gradient.Write(_rows[i] * _classes, Part(RowLogits).Slice(i * _classes, _classes));
        }
    }

    private bool Wants(int i, int count) => i < count && (_work[i] & RowWork.Gradient) != 0;
}
