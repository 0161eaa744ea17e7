using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Kernels;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>Those elements of a block whose label is 0 or 1.</summary>
internal static unsafe class HardElements
{
    /// <summary>Their number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Count(int count, BinaryScratch scratch)
    {
        // by compares alone: a branch on labels in no order costs more than all else
        var hard = Vector256<long>.Zero;
        for (var i = 0; i < count; i += Lanes.Width) hard -= AreHard(PlainDouble.Load(ref scratch.Label[i])).Round().AsInt64();
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
            var bits = PlainDouble.GetBits(AreHard(PlainDouble.Load(ref scratch.Label[i])));
            for (; bits != 0 && i + uint.TrailingZeroCount(bits) < count; bits &= bits - 1)
                places[hard++] = (byte)(i + uint.TrailingZeroCount(bits));
        }
        return hard;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TNumber AreHard<TNumber>(TNumber t) where TNumber : struct, IPlainNumbers<TNumber> =>
        HardElement<TNumber>.FindSoft(t).IsZero;
}
