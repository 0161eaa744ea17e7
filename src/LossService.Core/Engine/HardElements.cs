using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Kernels;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>Binary cross-entropy of those elements of a block whose label is 0 or 1, by the kernel.</summary>
/// <param name="hasScore">Whether <see cref="BinaryScratch.Score"/> takes the place of the posted logits.</param>
/// <param name="scale">The factor of the derivatives by z/T + b.</param>
internal readonly unsafe struct HardElements(bool hasScore, double scale)
{
    /// <summary>The number of such elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Count(int count, BinaryScratch scratch)
    {
        // by compares alone: a branch on labels in no order costs more than all else
        var hard = Vector256<long>.Zero;
        for (var i = 0; i < count; i += Lanes.Width) hard -= AreHard(Vector256.LoadAligned(scratch.Label + i)).AsInt64();
        // the padding of a last vector has labels of 0
        return (int)Vector256.Sum(hard) - (Lanes.Padded(count) - count);
    }

    /// <summary>Writes their places in the block, and returns their number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Find(int count, BinaryScratch scratch, Span<byte> places)
    {
        var hard = 0;
        for (var i = 0; i < count; i += Lanes.Width)
        {
            var bits = AreHard(Vector256.LoadAligned(scratch.Label + i)).ExtractMostSignificantBits();
            for (; bits != 0 && i + uint.TrailingZeroCount(bits) < count; bits &= bits - 1)
                places[hard++] = (byte)(i + uint.TrailingZeroCount(bits));
        }
        return hard;
    }

    /// <summary>Scores them; the results of other elements stay.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Score(int count, BinaryScratch scratch)
    {
        var z = hasScore ? scratch.Score : scratch.Posted;
        TakeExponentials(count, z, scratch);
        var factor = Vector256.Create(scale);
        for (var i = 0; i < count; i += Lanes.Width)
        {
            var t = Vector256.LoadAligned(scratch.Label + i);
            var isHard = AreHard(t);
            if (isHard.AsInt64() == Vector256<long>.Zero) continue;
            var isPositive = Vector256.Equals(t, Vector256<double>.One);
            var kernel = new LogisticKernel(Vector256.LoadAligned(z + i), Vector256.LoadAligned(scratch.Start + i), isPositive);
            var weight = Vector256.LoadAligned(scratch.Weight + i)
                * Lanes.Select(isPositive, Vector256.LoadAligned(scratch.PosWeight + i), Vector256<double>.One);
            // an infinite loss of weight 0 is 0, and an element that is not kept may be NaN
            var hasNoWeight = Vector256.Equals(weight, Vector256<double>.Zero);
            var loss = hasScore ? kernel.LossOf(Vector256.LoadAligned(scratch.ScoreError + i)) : kernel.Loss;
            loss = Vector256.AndNot(loss * weight, hasNoWeight);
            var gradient = Vector256.AndNot(
                kernel.Derivative * (weight * Lanes.Select(isPositive, -factor, factor)), hasNoWeight);
            Lanes.Select(isHard, loss, Vector256.LoadAligned(scratch.Value + i)).StoreAligned(scratch.Value + i);
            Vector256.AndNot(Vector256.LoadAligned(scratch.ValueRest + i), isHard).StoreAligned(scratch.ValueRest + i);
            Lanes.Select(isHard, gradient, Vector256.LoadAligned(scratch.Gradient + i))
                .StoreAligned(scratch.Gradient + i);
        }
    }

    /// <remarks>
    /// In a loop of its own: an exponential and a logarithm in one chain exceed the processor's out-of-order window, so that iterations do
    /// not overlap.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TakeExponentials(int count, double* z, BinaryScratch scratch)
    {
        for (var i = 0; i < count; i += Lanes.Width)
        {
            if (AreHard(Vector256.LoadAligned(scratch.Label + i)).AsInt64() == Vector256<long>.Zero) continue;
            var own = Vector256.LoadAligned(z + i);
            var e = hasScore
                ? LogisticKernel.Exponential(own, Vector256.LoadAligned(scratch.ScoreError + i)) : LogisticKernel.Exponential(own);
            e.StoreAligned(scratch.Start + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> AreHard(Vector256<double> t) =>
        Vector256.Equals(t, Vector256<double>.One) | Vector256.Equals(t, Vector256<double>.Zero);
}
