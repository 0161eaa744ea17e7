using System.Runtime.Intrinsics;
using CsCheck;
using LossService.Core.Numerics;

namespace LossService.Core.Tests.Kernels;

/// <summary>An arithmetic of eight lanes has the bits of twice four, for any numbers, and for infinities and NaN as well.</summary>
public sealed class EightArithmeticTests
{
    private static readonly double[] Ends =
    [
        0, -0.0, 1, -1, 0.5, 745.3, -745.3, -746, 710, 1e300, 5e-324, 2e-308, double.MaxValue, double.PositiveInfinity,
        double.NegativeInfinity, double.NaN,
    ];

    private static readonly Gen<double> Numbers = Gen.OneOf(
        Gen.Double[-40, 40], Gen.Double[0, 1], Gen.Double[-800, 800], Gen.Double[-1e-9, 1e-9], Gen.Double,
        Gen.Int[0, Ends.Length - 1].Select(i => Ends[i]));

    public EightArithmeticTests() => Assert.SkipUnless(Lanes.HasMost, "the processor has no AVX-512");

    [Fact]
    public void PlainDoubles_OfAnyNumbers_HaveTheBitsOfFour()
    {
        Compare(Compute<PlainEight>, Compute<PlainDouble>);
        Compare(ComputePlain<PlainEight>, ComputePlain<PlainDouble>);
    }

    [Fact]
    public void SumsOfTwoDoubles_OfAnyNumbers_HaveTheBitsOfFour()
    {
        Compare(Compute<WideEight>, Compute<WideDouble>);
        Compare(ComputeWide<WideEight>, ComputeWide<WideDouble>);
    }

    [Fact]
    public void ASum_OfEightLanes_IsThatOfFourAfterFour() => Numbers.Array[16].Sample(
        numbers =>
        {
            var (four, eight) = (Vector256<double>.Zero, Vector256<double>.Zero);
            for (var i = 0; i < 16; i += 4) four = PlainDouble.Add(four, PlainDouble.Load(ref numbers[i]));
            for (var i = 0; i < 16; i += 8) eight = PlainEight.Add(eight, PlainEight.Load(ref numbers[i]));
            for (var lane = 0; lane < 4; lane++) AssertSame(lane, four[lane], eight[lane]);
        });

    private static void Compare(Func<double[], double[], double[], List<double[]>> ofEight,
        Func<double[], double[], double[], List<double[]>> ofFour) =>
        Gen.Select(Numbers.Array[8], Numbers.Array[8], Numbers.Array[8]).Sample(
            (a, b, c) =>
            {
                var (eight, low, high) = (ofEight(a, b, c), ofFour(a, b, c), ofFour(a[4..], b[4..], c[4..]));
                Assert.Equal(low.Count, eight.Count);
                for (var k = 0; k < eight.Count; k++)
                    for (var lane = 0; lane < 8; lane++)
                        AssertSame(k, lane < 4 ? low[k][lane] : high[k][lane - 4], eight[k][lane]);
            },
            iter: 20_000);

    // the bits of a NaN say nothing
    private static void AssertSame(int operation, double expected, double actual) => Assert.True(
        BitConverter.DoubleToInt64Bits(expected) == BitConverter.DoubleToInt64Bits(actual)
            || (double.IsNaN(expected) && double.IsNaN(actual)),
        $"operation {operation}: {expected:R} and {actual:R}");

    /// <summary>The results of every operation.</summary>
    private static List<double[]> Compute<TNumber>(double[] x, double[] y, double[] z) where TNumber : struct, IArithmetic<TNumber>
    {
        var rests = Array.ConvertAll(x, number => number * 1e-17);
        var (a, b, c) = (TNumber.Load(ref x[0], ref rests[0]), TNumber.Load(ref y[0]), TNumber.Load(ref z[0]));
        var (positive, unit) = (TNumber.Abs(a), TNumber.Select(TNumber.LessThan(TNumber.Abs(b), TNumber.One), TNumber.Abs(b), TNumber.One));
        var mask = TNumber.LessThan(a, b);
        var results = new List<TNumber>
        {
            a, -a, a + b, a - b, a * b, a / b, TNumber.Square(a), positive, TNumber.Max(a, b), TNumber.Min(a, b),
            TNumber.Select(mask, a, b), TNumber.Select(a.IsZero, b, c), TNumber.Select(a.IsFinite, b, c),
            TNumber.Select(a.IsNaN, b, c), TNumber.Select(mask & b.IsFinite, a, c), TNumber.Select(mask | b.IsZero, a, c),
            TNumber.Select(~mask, a, c), TNumber.Select(TNumber.IsLost(a, b), b, c), TNumber.ExpOfSum(b, TNumber.Of(1e-17)),
            TNumber.ExpOfNegative(-TNumber.Abs(b)), TNumber.Log(a), TNumber.Log(positive), TNumber.Log1p(a), TNumber.Log1p(positive),
            TNumber.UnitLog1p(unit), TNumber.XLogY(a, b), TNumber.DivideOrZero(a, b), TNumber.Of(2.5), Dd.Ln2.Spread<TNumber>(),
            TNumber.Zero, TNumber.One,
        };
        foreach (var exponent in (ReadOnlySpan<double>)[0, 1, 2, 3, 16, 0.7, -1.5]) results.Add(TNumber.Pow(positive, exponent));
        var lanes = new List<double[]>();
        foreach (var result in results)
        {
            var (numbers, lacks, nearest) = (new double[TNumber.Count], new double[TNumber.Count], new double[TNumber.Count]);
            result.Store(ref numbers[0], ref lacks[0]);
            result.StoreNearest(ref nearest[0]);
            lanes.AddRange([numbers, lacks, nearest]);
        }
        lanes.Add([.. Enumerable.Range(0, TNumber.Count).Select(lane => (double)((TNumber.GetBits(mask) >> lane) & 1))]);
        return lanes;
    }

    /// <summary>The results of what plain doubles have beside.</summary>
    private static List<double[]> ComputePlain<TNumber>(double[] x, double[] y, double[] z) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var (a, b, c) = (TNumber.Load(ref x[0]), TNumber.Load(ref y[0]), TNumber.Load(ref z[0]));
        return [.. CompareParts(a, b).Append(TNumber.FusedMultiplyAdd(a, b, c)).Select(ToNearest)];
    }

    /// <summary>The results of what sums of two doubles have beside.</summary>
    private static List<double[]> ComputeWide<TNumber>(double[] x, double[] y, double[] z) where TNumber : struct, IWideNumbers<TNumber>
    {
        var rests = Array.ConvertAll(y, number => number * 1e-17);
        var (a, b, c) = (TNumber.Load(ref x[0]), TNumber.Load(ref y[0], ref rests[0]), TNumber.Load(ref z[0]));
        var (parts, lows, highs) = (new double[TNumber.Count], new double[TNumber.Count], new double[TNumber.Count]);
        (b * c).StoreParts(ref parts[0], ref lows[0]);
        (b * c).StoreHigh(ref highs[0]);
        List<TNumber> numbers =
        [
            TNumber.FineExp(b), TNumber.FineExp(a), TNumber.Select(TNumber.IsLost(a, c, 1.0 / 1024), b, c),
            TNumber.FineExpOfNegative(-TNumber.Abs(a)), TNumber.FineExpOfNegative(-TNumber.Abs(c)),
            TNumber.Expm1(-TNumber.Abs(b), out var power), power, TNumber.FineExpOfDifference(-TNumber.Abs(b)),
            TNumber.Select(b.IsDouble, a, c), TNumber.Select((b * c).IsDouble, a, c),
        ];
        return [parts, lows, highs, .. CompareParts(a, b).Concat(numbers).Select(ToNearest)];
    }

    private static TNumber[] CompareParts<TNumber>(TNumber a, TNumber b) where TNumber : struct, IArithmetic<TNumber>
    {
        // of numbers that have inverses
        var (from, to) = (Clamp(TNumber.Abs(a)), Clamp(TNumber.Abs(b)));
        var excess = TNumber.Compare(from, to, to - from, out var log, out var r);
        return [excess, log, r];
    }

    private static double[] ToNearest<TNumber>(TNumber number) where TNumber : struct, IArithmetic<TNumber>
    {
        var numbers = new double[TNumber.Count];
        number.StoreNearest(ref numbers[0]);
        return numbers;
    }

    private static TNumber Clamp<TNumber>(TNumber number) where TNumber : struct, IArithmetic<TNumber> =>
        TNumber.Max(TNumber.Min(number, TNumber.One), TNumber.Of(1e-290));
}
