using System.Runtime.Intrinsics;
using CsCheck;
using LossService.Core.Numerics;

namespace LossService.Core.Tests.Kernels;

/// <summary>Eight lanes have the bits of twice four.</summary>
public sealed class EightLanesTests
{
    public EightLanesTests() => Assert.SkipUnless(Lanes.HasMost, "the processor has no AVX-512");

    [Fact]
    public void Exponentials_OfAShiftInEachLane_HaveTheBitsOfFour() =>
        Gen.Select(Gen.Double[-100, 100].Array[4], Gen.Double[0, 300].Array[8], Gen.Double[0.1, 5]).Sample(
            (shifts, distances, temperature) =>
            {
                var shift = Vector256.Create(shifts);
                var (low, high) = (shift - Vector256.Create(distances), shift - Vector256.Create(distances, 4));
                Check(new ShiftedExponential(shift));
                Check(new TemperedExponential(shift, new ExponentialScale(temperature)));

                void Check<TExponential>(TExponential exponential) where TExponential : struct, IShiftedExponential
                {
                    var eight = exponential.Eight.ExpNear(Vector512.Create(low, high));
                    Assert.Equal(exponential.ExpNear(low).AsInt64(), eight.GetLower().AsInt64());
                    Assert.Equal(exponential.ExpNear(high).AsInt64(), eight.GetUpper().AsInt64());
                }
            },
            iter: 20_000);
}
