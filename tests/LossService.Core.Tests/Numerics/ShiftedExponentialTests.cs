using System.Runtime.Intrinsics;
using CsCheck;
using LossService.Core.Numerics;

namespace LossService.Core.Tests.Numerics;

public class ShiftedExponentialTests
{
    [Fact]
    public void OfNear_NormalResults_SameBitsAsOf() =>
        Gen.Select(Gen.Double[-600, 600], Gen.Double[0, ShiftedExponential.NormalSpan].Array[4]).Sample(
            (shift, below) =>
            {
                var exponential = new ShiftedExponential(shift);
                var least = Vector256.Create(shift - ShiftedExponential.NormalSpan);
                var z = Vector256.Max(Vector256.Create(shift) - Vector256.Create(below), least);
                Assert.Equal(exponential.Exp(z), exponential.ExpNear(z));
            },
            iter: 20_000);

    [Fact]
    public void Of_AShiftForEachLane_SameBitsAsEachShiftForAll() =>
        Gen.Select(Gen.Double[-600, 600].Array[4], Gen.Double[0, 760].Array[4]).Sample((shifts, below) =>
        {
            var z = Vector256.Create(shifts) - Vector256.Create(below);
            var together = new ShiftedExponential(Vector256.Create(shifts)).Exp(z);
            for (var lane = 0; lane < 4; lane++) Assert.Equal(new ShiftedExponential(shifts[lane]).Exp(z)[lane], together[lane]);
        });

    [Fact]
    public void Of_NoShift_SameBitsAsShiftOfZero() => Gen.Double[-760, 0].Array[4].Sample(values =>
        Assert.Equal(new ShiftedExponential(0).Exp(Vector256.Create(values)), new ShiftedExponential().Exp(Vector256.Create(values))));

    [Fact]
    public void Of_AnyShift_WithinItsBoundOfDoubleDouble() =>
        Gen.Select(Gen.Double[-600, 600], Gen.Double[0, 700].Array[4]).Sample(
            (shift, below) =>
            {
                var z = Vector256.Create(shift) - Vector256.Create(below);
                var truth = Dd.Exp(Dd.Difference(z, Vector256.Create(shift)));
                var computed = new ShiftedExponential(shift).Exp(z);
                for (var lane = 0; lane < 4; lane++)
                    Assert.InRange(FixedPoint.ErrorInUlps(computed[lane], FixedPoint.Of(truth.Hi[lane], truth.Lo[lane])), 0, 1.2);
            },
            iter: 20_000);

    [Fact]
    public void AtATemperature_AnyShift_WithinItsBoundOfDoubleDouble() =>
        Gen.Select(Gen.Double[-3, 3], Gen.Double[-600, 600], Gen.Double[0, 700].Array[4]).Sample(
            (exponent, shift, below) =>
            {
                var temperature = Math.Pow(10, exponent);
                var z = (Vector256.Create(shift) - Vector256.Create(below)) * temperature;
                shift *= temperature;
                var truth = Dd.Exp(Dd.Difference(z, Vector256.Create(shift)) / Vector256.Create(temperature));
                var exponential = new TemperedExponential(shift, new(temperature));
                var (computed, near) = (exponential.Exp(z), exponential.ExpNear(z));
                Assert.Equal(computed, near);
                for (var lane = 0; lane < 4; lane++)
                    Assert.InRange(FixedPoint.ErrorInUlps(computed[lane], FixedPoint.Of(truth.Hi[lane], truth.Lo[lane])), 0, 1.2);
            },
            iter: 20_000);

    [Theory]
    [InlineData(0.1)]
    [InlineData(3)]
    public void AtATemperature_TheShift_IsOne(double temperature) => Gen.Double[-600, 600].Sample(shift =>
    {
        shift *= temperature;
        Assert.Equal(Vector256<double>.One, new TemperedExponential(shift, new(temperature)).Exp(Vector256.Create(shift)));
    });
}
