using System.Runtime.Intrinsics;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

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
    public void Float16_NumbersBetween_AreRoundedToTheNearest() =>
        CheckBetween<StoredFloat16>(1e-9, 70000, fraction: 10, (from, to) => Narrowing.Narrow(from, (Half*)to));

    [Fact]
    public void BFloat16_NumbersBetween_AreRoundedToTheNearest() =>
        CheckBetween<StoredBFloat16>(1e-44, 3e38, fraction: 7, Narrowing.NarrowBFloat16);

    private delegate void Narrow(ReadOnlySpan<double> from, ushort* to);

    [Fact]
    public void Float16_EveryNumber_IsWidenedAlikeInMoreLanes() => CheckMoreLanes<StoredFloat16>();

    [Fact]
    public void BFloat16_EveryNumber_IsWidenedAlikeInMoreLanes() => CheckMoreLanes<StoredBFloat16>();

    [Fact]
    public void Float16_RowsOfNumbers_HaveTheirMinimumAndMaximum()
    {
        var random = new Random(1);
        var row = stackalloc ushort[100];
        for (var n = 0; n < 20_000; n++)
        {
            var (count, sign) = (random.Next(1, 100), random.Next(3));
            for (var i = 0; i < count; i++)
            {
                var size = random.Next(0x7C01);
                row[i] = (ushort)(size | (sign == 0 ? 0 : sign == 1 ? 0x8000 : random.Next(2) << 15));
            }
            var values = new double[count];
            for (var i = 0; i < count; i++) values[i] = (double)BitConverter.UInt16BitsToHalf(row[i]);
            Assert.Equal((values.Min(), values.Max()), StoredFloat16.FindMinMax((StoredFloat16*)row, count));
        }
    }

    private static void CheckMoreLanes<TElement>() where TElement : unmanaged, INarrowFloat<TElement>
    {
        if (!Lanes.HasMost) return;
        var numbers = stackalloc ushort[16];
        for (var bits = 0; bits < 65536; bits += 8)
        {
            for (var i = 0; i < 16; i++) numbers[i] = (ushort)(bits + i);
            var widened = TElement.LoadEight((TElement*)numbers);
            var finite = TElement.LoadEightFinite((TElement*)numbers);
            for (var i = 0; i < 8; i++)
            {
                var expected = TElement.ToDouble(((TElement*)numbers)[i]);
                Assert.Equal(expected, widened[i]);
                if (double.IsFinite(expected)) Assert.Equal(expected, finite[i]);
            }
            var floats = TElement.LoadSixteenFloats((TElement*)numbers);
            for (var i = 0; i < 16; i++) Assert.Equal(TElement.ToDouble(((TElement*)numbers)[i]), floats[i]);
        }
    }

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

    private static void CheckBetween<TElement>(double least, double most, int fraction, Narrow narrow)
        where TElement : unmanaged, IStoredFloat<TElement>
    {
        var random = new Random(1);
        var stored = stackalloc TElement[8];
        var expected = stackalloc ushort[8];
        for (var n = 0; n < 20_000; n++)
        {
            var values = Array.ConvertAll(
                new double[8], _ => (random.Next(2) * 2 - 1) * least * Math.Pow(most / least, random.NextDouble()));
            if (n % 2 == 0) values = Array.ConvertAll(values, value => NearTie(value, fraction, random));
            narrow(values, expected);
            TElement.Store(Vector256.Create(values), stored);
            TElement.Store(Vector256.Create(values, 4), stored + 4);
            AssertEqual(values, expected, (ushort*)stored);
            if (Lanes.HasMost) TElement.StoreEight(Vector512.Create(values), stored);
            AssertEqual(values, expected, (ushort*)stored);
            for (var i = 0; i < 8; i++) stored[i] = TElement.FromDouble(values[i]);
            AssertEqual(values, expected, (ushort*)stored);
        }
    }

    /// <summary>A number of at least 2⁻¹⁴ so near to the middle of two that a float32 is the middle.</summary>
    private static double NearTie(double value, int fraction, Random random)
    {
        if (Math.Abs(value) < 6.2e-5) value = 1.2;
        var bits = BitConverter.DoubleToInt64Bits(value) & (-1L << (52 - fraction));
        return BitConverter.Int64BitsToDouble(bits + (1L << (51 - fraction)) + random.Next(-3, 4));
    }

    private static void AssertEqual(double[] values, ushort* expected, ushort* actual)
    {
        for (var i = 0; i < values.Length; i++)
            Assert.True(expected[i] == actual[i], $"{values[i]:R}: {expected[i]:X4}, but {actual[i]:X4}");
    }
}
