using CsCheck;
using LossService.Core.Kernels;

namespace LossService.Core.Tests.Kernels;

public unsafe class MinMaxTests
{
    [Fact]
    public void Of_RowsOfEveryLength_AreTheLeastAndTheLargest() => Gen.Double[-100, 100].Array[1, 150].Sample(row =>
    {
        var narrow = Array.ConvertAll(row, value => (float)value);
        fixed (double* wide = row)
        fixed (float* single = narrow)
        {
            Assert.Equal((row.Min(), row.Max()), MinMax.Find(wide, row.Length));
            Assert.Equal((narrow.Min(), narrow.Max()), MinMax.Find(single, narrow.Length));
        }
    });

    [Fact]
    public void Of_InfiniteEntries_AreCounted()
    {
        for (var length = 2; length <= 70; length++)
        {
            for (var place = 0; place < length; place++)
            {
                var row = new float[length];
                row[place] = float.NegativeInfinity;
                row[(place + 1) % length] = float.PositiveInfinity;
                fixed (float* z = row) Assert.Equal((float.NegativeInfinity, float.PositiveInfinity), MinMax.Find(z, length));
            }
        }
    }
}
