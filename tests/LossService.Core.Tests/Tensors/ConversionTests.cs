using CsCheck;
using LossService.Core.Tensors;

namespace LossService.Core.Tests.Tensors;

/// <summary>Reading and writing every dtype by vectors beside the framework's conversions, one element at a time.</summary>
public unsafe class ConversionTests
{
    private const int Count = 1 << 16;

    [Fact]
    public void Read_EveryFloat16_AsTheFrameworkWidens()
    {
        using var tensor = All16(DType.Float16);
        var read = new double[Count];
        tensor.Read(0, read);
        for (var i = 0; i < Count; i++) Assert.Equal((double)BitConverter.UInt16BitsToHalf((ushort)i), read[i]);
    }

    [Fact]
    public void Read_EveryBFloat16_IsTheUpperHalfOfAFloat()
    {
        using var tensor = All16(DType.BFloat16);
        var read = new double[Count];
        tensor.Read(0, read);
        for (var i = 0; i < Count; i++) Assert.Equal((double)BitConverter.UInt32BitsToSingle((uint)i << 16), read[i]);
    }

    [Theory]
    [InlineData(DType.Float16)]
    [InlineData(DType.BFloat16)]
    public void Write_EveryValueAndMidpoint_RoundsToNearestEven(DType dtype)
    {
        using var tensor = All16(dtype);
        var values = new double[Count];
        tensor.Read(0, values);
        Array.Sort(values);
        using var written = new Tensor(dtype, new Shape(8));
        var back = new double[8];
        for (var i = 1; i < Count; i++)
        {
            var (lower, upper) = (values[i - 1], values[i]);
            if (!double.IsFinite(lower) || !double.IsFinite(upper) || lower == upper) continue;
            var middle = lower / 2 + upper / 2;
            var (below, above) = (double.BitDecrement(middle), double.BitIncrement(middle));
            written.Write(0, [lower, double.BitIncrement(lower), below, middle, above, upper, -lower, -middle]);
            written.Read(0, back);
            var even = (written.Integer16(3) & 1) == 0;
            Assert.True(even && (back[3] == lower || back[3] == upper), $"{middle:R}");
            Assert.Equal([lower, lower, lower, back[3], upper, upper, -lower, -back[3]], back);
        }
    }

    [Theory]
    [InlineData(DType.Float16, 65519.99, 65520, 0x7C00)]
    [InlineData(DType.BFloat16, 3.3961775e38, 3.3961776e38, 0x7F80)]
    public void Write_EndsOfTheRange_AreInfiniteOrNaN(DType dtype, double finite, double beyond, int infinity)
    {
        using var tensor = new Tensor(dtype, new Shape(5));
        tensor.Write(0, [finite, beyond, double.NegativeInfinity, double.NaN, 1e-300]);
        Assert.Equal(
            [infinity - 1, infinity, infinity | 0x8000, 0],
            [tensor.Integer16(0), tensor.Integer16(1), tensor.Integer16(2), tensor.Integer16(4)]);
        var read = new double[5];
        tensor.Read(0, read);
        Assert.True(double.IsNaN(read[3]));
    }

    [Fact]
    public void Write_RandomDoubles_Float16AsTheFrameworkNarrows() =>
        Gen.OneOf(Gen.Double, Gen.Double[-70000, 70000], Gen.Double[-1e-4, 1e-4]).Array[1, 20].Sample(values =>
        {
            using var tensor = new Tensor(DType.Float16, new Shape(values.Length));
            tensor.Write(0, values);
            for (var i = 0; i < values.Length; i++)
                Assert.Equal(BitConverter.HalfToUInt16Bits((Half)values[i]), tensor.Integer16(i));
        });

    [Fact]
    public void Read_EveryIntegerDType_AsTheFrameworkConverts() => Gen.Byte.Array[8 * 19].Sample(bytes =>
    {
        fixed (byte* data = bytes)
        {
            foreach (var dtype in Enum.GetValues<DType>())
            {
                if (dtype.IsFloat() || dtype == DType.Bool) continue;
                using var tensor = new Tensor(dtype, new Shape(bytes.Length / dtype.Size()), data);
                var read = new double[tensor.Count];
                tensor.Read(0, read);
                for (var i = 0; i < read.Length; i++)
                    Assert.Equal(dtype == DType.UInt64 ? ((ulong*)data)[i] : (double)tensor.Integer(i), read[i]);
            }
        }
    });

    private static Tensor All16(DType dtype)
    {
        var tensor = new Tensor(dtype, new Shape(Count));
        for (var i = 0; i < Count; i++) ((ushort*)tensor.Data)[i] = (ushort)i;
        return tensor;
    }
}

file static unsafe class Bits
{
    /// <summary>The bits of an element of 16.</summary>
    public static int Integer16(this Tensor tensor, int i) => ((ushort*)tensor.Data)[i];
}
