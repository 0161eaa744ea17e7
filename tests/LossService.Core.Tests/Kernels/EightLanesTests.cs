using System.Runtime.Intrinsics;
using CsCheck;
using LossService.Core.Kernels;
using LossService.Core.Numerics;

namespace LossService.Core.Tests.Kernels;

/// <summary>Eight lanes have the bits of twice four.</summary>
public sealed unsafe class EightLanesTests
{
    private static readonly double[] Ends =
        [0, -0.0, 745.3, -745.3, 1e300, double.PositiveInfinity, double.NegativeInfinity, double.NaN];

    private static readonly Gen<double> Numbers = Gen.OneOf(
        Gen.Double[-40, 40], Gen.Double[-800, 800], Gen.Double[-1e-9, 1e-9],
        Gen.Int[0, Ends.Length - 1].Select(i => Ends[i]));

    public EightLanesTests() => Assert.SkipUnless(EightExponentials.AreSupported, "the processor has no AVX-512");

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

    [Fact]
    public void Sigmoids_OfAnyNumbers_HaveTheBitsOfFour() => Numbers.Array[20].Sample(
        numbers =>
        {
            double* e = stackalloc double[20], log = stackalloc double[20];
            fixed (double* z = numbers) Assert.Equal(16, SigmoidEights.StoreExponentials((StoredFloat64*)z, 20, e));
            Assert.Equal(16, SigmoidEights.StoreLogs(e, 20, log));
            for (var i = 0; i < 16; i += Lanes.Width)
            {
                var expected = VectorMath.ExpOfNegative(-Vector256.Abs(Vector256.Create(numbers, i)));
                Assert.Equal(expected.AsInt64(), Vector256.Load(e + i).AsInt64());
                var isNumber = ~Vector256.IsNaN(expected).AsInt64();
                Assert.Equal((-UnitLog1p.Compute(expected)).AsInt64() & isNumber, Vector256.Load(log + i).AsInt64() & isNumber);
            }
        },
        iter: 20_000);
}
