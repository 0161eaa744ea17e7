using CsCheck;
using LossService.Core.Outputs;

namespace LossService.Core.Tests.Outputs;

/// <summary>Samples of weight 1, added in vectors, beside the same ones added one by one.</summary>
public sealed class BinTableTests
{
    /// <summary>Confidences of every size, on edges of bins and next to them.</summary>
    private static readonly Gen<double> Confidences = Gen.Frequency(
        (4, Gen.Double.Unit),
        (1, Gen.Select(Gen.Int[1, 1074], Gen.Double[1, 2], (exponent, part) => Math.ScaleB(part, -exponent))),
        (1, Gen.Select(Gen.Int[0, 60], Gen.Int[1, 60], (i, n) => Math.Min(i / (double)n, 1))),
        (1, Gen.Select(Gen.Int[1, 14], Gen.Bool, (i, up) => up ? Math.BitIncrement(i / 15.0) : Math.BitDecrement(i / 15.0))),
        (1, Gen.OneOf(0.0, 1, double.Epsilon, 1 - Math.ScaleB(1, -53))));

    private static readonly Gen<double> Outcomes =
        Gen.Frequency((3, Gen.OneOf(0.0, 1)), (1, Gen.Float.Unit.Select(x => (double)x)), (1, Confidences));

    [Fact]
    public void Add_Vectors_SameBitsAsOneByOne() =>
        Gen.Select(Gen.Select(Confidences, Outcomes).Array[0, 600], Gen.OneOf(1, 2, 3, 15, 16, 64, 65, 1000)).Sample(
            (samples, bins) =>
            {
                var (expected, actual) = (new BinTable(new(bins)), new BinTable(new(bins)));
                foreach (var (confidence, outcome) in samples) expected.Add(1, confidence, outcome);
                actual.Add(Array.ConvertAll(samples, sample => sample.Item1), Array.ConvertAll(samples, sample => sample.Item2));
                AssertSame(expected, actual);
            },
            iter: 1000);

    [Fact]
    public void Add_MoreThanIsPending_SameBitsAsOneByOne() => Gen.Select(Confidences, Outcomes).Array[9000, 10000].Sample(
        samples =>
        {
            var (expected, actual) = (new BinTable(new(15)), new BinTable(new(15)));
            foreach (var (confidence, outcome) in samples) expected.Add(1, confidence, outcome);
            foreach (var part in samples.Chunk(731))
                actual.Add(Array.ConvertAll(part, sample => sample.Item1), Array.ConvertAll(part, sample => sample.Item2));
            AssertSame(expected, actual);
        },
        iter: 10);

    [Fact]
    public void Add_OutcomesOfZeroAndOne_SameBitsAsOneByOne() => Gen.Select(
        Gen.Select(Confidences, Gen.OneOf(0.0, 1)).Array[2000, 5000], Gen.OneOf(1, 2, 15, 64, 65, 1000), Gen.Int[1, 700]).Sample(
        (samples, bins, size) =>
        {
            var (expected, actual) = (new BinTable(new(bins)), new BinTable(new(bins)));
            foreach (var (confidence, outcome) in samples) expected.Add(1, confidence, outcome);
            foreach (var part in samples.Chunk(size))
                actual.Add(Array.ConvertAll(part, sample => sample.Item1), Array.ConvertAll(part, sample => sample.Item2));
            AssertSame(expected, actual);
        },
        iter: 100);

    [Fact]
    public void Add_CertainSamplesOfOneBin_SameBitsAsOneByOne()
    {
        var (expected, actual) = (new BinTable(new(15)), new BinTable(new(15)));
        var (confidences, outcomes) = (new double[4096 + 8], new double[4096 + 8]);
        Array.Fill(confidences, 1);
        Array.Fill(outcomes, 1);
        foreach (var confidence in confidences) expected.Add(1, confidence, 1);
        actual.Add(confidences, outcomes);
        AssertSame(expected, actual);
    }

    private static void AssertSame(BinTable expected, BinTable actual)
    {
        foreach (var (one, other) in expected.Sums.Zip(actual.Sums))
        {
            Assert.Equal(one.Samples, other.Samples);
            Assert.Equal(one.Weight.Round(), other.Weight.Round());
            Assert.Equal(one.Confidence.Round(), other.Confidence.Round());
            Assert.Equal(one.Outcome.Round(), other.Outcome.Round());
            // all digits, not only those of a double
            one.Confidence.Subtract(other.Confidence);
            one.Outcome.Subtract(other.Outcome);
            Assert.Equal((0, 0), (one.Confidence.Round(), one.Outcome.Round()));
        }
    }
}
