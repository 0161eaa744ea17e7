using System.Runtime.Intrinsics;
using LossService.Core.Kernels;
using LossService.Core.Numerics;

namespace LossService.Core.Tests.Kernels;

/// <summary>The elements of 16 bits, by vectors of four beside one by one.</summary>
public unsafe class StoredHalfTests
{
    [Fact]
    public void Float16_EveryNumber_IsWidenedExactlyAndStoredBack() => CheckEvery<StoredFloat16>(
        bits => (double)BitConverter.UInt16BitsToHalf(bits));

    [Fact]
    public void BFloat16_EveryNumber_IsWidenedExactlyAndStoredBack() => CheckEvery<StoredBFloat16>(
        bits => BitConverter.UInt32BitsToSingle((uint)bits << 16));

    [Fact]
    public void Float16_NumbersBetween_AreRoundedToANeighbour() => CheckBetween<StoredFloat16>(1e-9, 70000);

    [Fact]
    public void BFloat16_NumbersBetween_AreRoundedToANeighbour() => CheckBetween<StoredBFloat16>(1e-44, 3e38);

    private static void CheckEvery<TElement>(Func<ushort, double> widen) where TElement : unmanaged, IStoredFloat<TElement>
    {
        var four = stackalloc ushort[4];
        var back = stackalloc ushort[4];
        for (var bits = 0; bits < 65536; bits += 4)
        {
            for (var i = 0; i < 4; i++) four[i] = (ushort)(bits + i);
            var widened = TElement.Load((TElement*)four);
            TElement.Store(widened, (TElement*)back);
            for (var i = 0; i < 4; i++)
            {
                Assert.Equal(widen(four[i]), widened[i]);
                Assert.Equal(widened[i], TElement.ToDouble(((TElement*)four)[i]));
                if (!double.IsNaN(widened[i])) Assert.Equal(four[i], back[i]);
            }
        }
    }

    private static void CheckBetween<TElement>(double least, double most) where TElement : unmanaged, IStoredFloat<TElement>
    {
        var random = new Random(1);
        var stored = stackalloc TElement[4];
        for (var n = 0; n < 20_000; n++)
        {
            var values = Array.ConvertAll(
                new double[4], _ => (random.Next(2) * 2 - 1) * least * Math.Pow(most / least, random.NextDouble()));
            TElement.Store(Vector256.Create(values), stored);
            for (var i = 0; i < 4; i++)
            {
                var nearest = TElement.FromDouble(values[i]);
                var (expected, actual) = (*(ushort*)&nearest, ((ushort*)stored)[i]);
                Assert.InRange(actual - expected, -1, 1);
            }
        }
    }
}
