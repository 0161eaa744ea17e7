using System.Runtime.Intrinsics;
using CsCheck;
using LossService.Core.Numerics;

namespace LossService.Core.Tests.Numerics;

public class WideDoubleTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("exp", -746, 709.7)]
    [InlineData("log", 2.3e-308, 1e300)]
    [InlineData("log1p", -1, 1e300)]
    public void Function_GoldenArguments_WithinItsBound(string name, double least, double most)
    {
        var worst = 0.0;
        foreach (var row in Golden.Table(name).Where(row => row[0] > least && row[0] < most && double.Abs(row[^3]) > 1e-290))
        {
            var (hi, lo) = (Vector256.Create(row[0]), Vector256.Create(row[1]));
            var x = WideDouble.Of(hi, lo);
            var result = name switch { "exp" => WideDouble.Exp(hi, lo), "log" => WideDouble.Log(x), _ => WideDouble.Log1p(x) };
            var error = FixedPoint.RelativeError(FixedPoint.Of(result.Round()[0], result.Rest()[0]), FixedPoint.Of(row.AsSpan(^3..)));
            Assert.True(error <= Math.ScaleB(1, -62), $"{name}({row[0]:R}, {row[1]:R}): 2^{Math.Log2(error):F2}");
            worst = Math.Max(worst, error);
        }
        output.WriteLine($"{name}: 2^{Math.Log2(worst):F2}");
    }

    [Fact]
    public void Functions_DenseArguments_WithinTheirBoundsOfDoubleDouble()
    {
        var worst = new double[4];
        Gen.Select(
            Gen.Double[-700, 700], Gen.OneOf(Gen.Double[0.3, 3], Gen.Double[-700, 600].Select(Math.Exp), Gen.Double[0.98, 1.02]),
            Gen.OneOf(Gen.Double[0, 1], Gen.Double[-0.99, 0], Gen.Double[-60, 1].Select(Math.Exp)), Gen.Double[-0.5, 0.5])
            .Array[4].Sample(
            four =>
            {
                Check(0, x => x.Item1, Dd.Exp, x => WideDouble.Exp(x.Round(), x.Rest()));
                Check(1, x => x.Item2, Dd.Log, WideDouble.Log);
                Check(2, x => x.Item3, Dd.Log1p, WideDouble.Log1p);
                Check(3, x => Math.Abs(x.Item3), Dd.Log1p, WideDouble.UnitLog1p);

                void Check(int at, Func<(double, double, double, double), double> pick, Func<Dd, Dd> exact, Func<WideDouble, WideDouble> f)
                {
                    var hi = Vector256.Create([.. four.Select(pick)]);
                    if (at == 3) hi = Vector256.Min(hi, Vector256<double>.One);
                    var lo = Vector256.Create([.. four.Select((x, i) => x.Item4 * Math.ScaleB(hi[i], -53))]);
                    var (truth, computed) = (exact(new Dd(hi, lo)), f(WideDouble.Of(hi, lo)));
                    var error = (new Dd(computed.Round(), computed.Rest()) - truth) / truth;
                    for (var i = 0; i < 4; i++)
                        if (truth.Hi[i] != 0) worst[at] = Math.Max(worst[at], Math.Abs(error.Hi[i]));
                }
            },
            iter: 4000,
            threads: 1);
        output.WriteLine(string.Join(", ", worst.Select(error => $"2^{Math.Log2(error):F2}")));
        Assert.All(worst, error => Assert.InRange(error, Math.ScaleB(1, -70), Math.ScaleB(1, -62)));
    }

    [Fact]
    public void FineExp_DenseArguments_WithinItsBoundOfDoubleDouble()
    {
        var worst = 0.0;
        Gen.Select(Gen.OneOf(Gen.Double[-600, 0], Gen.Double[-1, 0], Gen.Double[-1e-3, 0]), Gen.Double[-0.5, 0.5]).Array[4].Sample(
            four =>
            {
                var hi = Vector256.Create([.. four.Select(x => x.Item1)]);
                var lo = Vector256.Create([.. four.Select((x, i) => x.Item2 * Math.ScaleB(hi[i], -53))]);
                var (truth, x) = (Dd.Exp(new Dd(hi, lo)), WideDouble.Of(hi, lo));
                foreach (var computed in (ReadOnlySpan<WideDouble>)[WideDouble.FineExp(x), WideDouble.FineExpOfDifference(x)])
                {
                    var error = (new Dd(computed.Round(), computed.Rest()) - truth) / truth;
                    for (var i = 0; i < 4; i++) worst = Math.Max(worst, Math.Abs(error.Hi[i]));
                }
            },
            iter: 40_000,
            threads: 1);
        output.WriteLine($"2^{Math.Log2(worst):F2}");
        Assert.InRange(worst, Math.ScaleB(1, -76), Math.ScaleB(1, -69));
    }

    [Fact]
    public void Expm1_DenseArguments_WithinItsBoundOfDoubleDouble()
    {
        var worst = 0.0;
        // around the size where the series takes over, and where it is all there is
        Gen.Select(
            Gen.OneOf(Gen.Double[-600, 0], Gen.Double[-1, 0], Gen.Double[-4e-3, -1e-3], Gen.Double[-1e-9, 0]), Gen.Double[-0.5, 0.5])
            .Array[4].Sample(
                four =>
                {
                    var hi = Vector256.Create([.. four.Select(x => x.Item1)]);
                    var lo = Vector256.Create([.. four.Select((x, i) => x.Item2 * Math.ScaleB(hi[i], -53))]);
                    var truth = Dd.Expm1(new Dd(hi, lo), out _);
                    var computed = Expm1(WideDouble.Of(hi, lo));
                    var error = (new Dd(computed.Round(), computed.Rest()) - truth) / truth;
                    for (var i = 0; i < 4; i++)
                        if (truth.Hi[i] != 0) worst = Math.Max(worst, Math.Abs(error.Hi[i]));
                },
                iter: 40_000,
                threads: 1);
        output.WriteLine($"2^{Math.Log2(worst):F2}");
        Assert.InRange(worst, Math.ScaleB(1, -70), Math.ScaleB(1, -59));
        Assert.Equal(-1, Expm1(WideDouble.Of(double.NegativeInfinity)).Round()[0]);

        static TNumber Expm1<TNumber>(TNumber x) where TNumber : struct, IArithmetic<TNumber> => TNumber.Expm1(x, out _);
    }

    [Fact]
    public void FineExpOfNegative_DenseArguments_WithinItsBoundOfDoubleDouble()
    {
        var worst = 0.0;
        Gen.OneOf(Gen.Double[-600, 0], Gen.Double[-1, 0], Gen.Double[-1e-3, 0]).Array[4].Sample(
            four =>
            {
                var (hi, low) = (Vector256.Create(four), new double[4]);
                var (truth, numbers) = (Dd.Exp(new Dd(hi)), new double[4]);
                WideDouble.FineExpOfNegative(WideDouble.Load(ref four[0])).StoreParts(ref numbers[0], ref low[0]);
                var error = (new Dd(Vector256.Create(numbers)) + new Dd(Vector256.Create(low)) - truth) / truth;
                for (var i = 0; i < 4; i++)
                {
                    worst = Math.Max(worst, Math.Abs(error.Hi[i]));
                    Assert.InRange(Math.Abs(low[i]), 0, Math.BitIncrement(numbers[i]) - numbers[i]);
                }
            },
            iter: 40_000,
            threads: 1);
        output.WriteLine($"2^{Math.Log2(worst):F2}");
        Assert.InRange(worst, Math.ScaleB(1, -76), Math.ScaleB(1, -69));
    }

    /// <summary>log(y/x), and what is left of r = (y − x)/x without log(1 + r), which is r²/2 where r is small.</summary>
    [Fact]
    public void Compare_AnyRatio_WithinItsBoundOfDoubleDouble()
    {
        var (worstLog, worstExcess) = (0.0, 0.0);
        Gen.Select(
            Gen.Double[-40, 0].Select(Math.Exp),
            Gen.OneOf(
                Gen.Double[-0.9, 10], Gen.Double[-0.02, 0.02], Gen.Double[-80, -1].Select(Math.Exp), Gen.Double[0, 500].Select(Math.Exp)))
            .Sample(
            (x, r) =>
            {
                var (from, to) = (new Dd(x), new Dd(x) * (Dd.One + new Dd(r)));
                var difference = to - from;
                var excess = WideDouble.Compare(
                    WideDouble.Of(from.Hi, from.Lo), WideDouble.Of(to.Hi, to.Lo), WideDouble.Of(difference.Hi, difference.Lo),
                    out var log, out _);
                var ratio = difference / from;
                var truth = Dd.Log1p(ratio);
                var size = Math.Abs(truth.ToScalar()) + 2;
                worstLog = Math.Max(worstLog, Math.Abs((new Dd(log.Round(), log.Rest()) - truth).ToScalar()) / size);
                // below, the difference itself has no digits in double-double
                if (Math.Abs(r) < 1e-8) return;
                var rest = ratio - truth;
                worstExcess = Math.Max(worstExcess, Math.Abs(((new Dd(excess.Round(), excess.Rest()) - rest) / rest).ToScalar()));
            },
            iter: 100_000,
            threads: 1);
        output.WriteLine($"log 2^{Math.Log2(worstLog):F2}, excess 2^{Math.Log2(worstExcess):F2}");
        Assert.InRange(worstLog, Math.ScaleB(1, -78), Math.ScaleB(1, -70));
        Assert.InRange(worstExcess, Math.ScaleB(1, -64), Math.ScaleB(1, -56));
    }

    [Fact]
    public void Pow_GoldenArguments_WithinItsBound()
    {
        foreach (var row in Golden.Table("pow").Where(row => double.IsNormal(row[3]) && double.IsNormal(row[0])))
        {
            var result = WideDouble.Pow(WideDouble.Of(Vector256.Create(row[0]), Vector256.Create(row[1])), row[2]);
            var bound = Math.ScaleB(1 + Math.Abs(row[2] * Math.Log(row[0])), -62);
            var error = FixedPoint.RelativeError(FixedPoint.Of(result.Round()[0], result.Rest()[0]), FixedPoint.Of(row.AsSpan(^3..)));
            Assert.True(error <= bound, $"{row[0]:R}^{row[2]:R}: 2^{Math.Log2(error):F2}");
        }
    }

    [Fact]
    public void Arithmetic_RandomOperands_WithinItsBoundOfDoubleDouble() =>
        Gen.Select(Gen.Double[0.5, 2], Gen.Double[-0.5, 0.5], Gen.Double[0.5, 2], Gen.Double[-0.5, 0.5]).Sample((a, aLow, b, bLow) =>
        {
            var (x, y) = (new Dd(a) + new Dd(aLow * 1e-16), new Dd(b) + new Dd(bLow * 1e-16));
            var (u, v) = (WideDouble.Of(x.Hi, x.Lo), WideDouble.Of(y.Hi, y.Lo));
            foreach (var (truth, computed) in (ReadOnlySpan<(Dd, WideDouble)>)
                [(x + y, u + v), (x * y, u * v), (x / y, u / v), (Dd.Square(x), WideDouble.Square(u)), (x - -y, u - -v)])
            {
                var error = (new Dd(computed.Round(), computed.Rest()) - truth) / truth;
                Assert.InRange(Math.Abs(error.ToScalar()), 0, Math.ScaleB(1, -98));
            }
        });

    [Fact]
    public void Functions_AnyArguments_ProductsKeepTheirDigits() => Gen.Double[0.3, 0.99].Sample(x =>
    {
        // a product drops the product of the low parts, so these must be small
        var number = WideDouble.Of(x);
        var product = WideDouble.Log(number) * WideDouble.ExpOfNegative(WideDouble.Of(-x)) * WideDouble.Pow(number, 0.7);
        var truth = Dd.Log(new Dd(x)) * Dd.Exp(new Dd(-x)) * Dd.Pow(new Dd(x), 0.7);
        Assert.InRange(Math.Abs(((new Dd(product.Round(), product.Rest()) - truth) / truth).ToScalar()), 0, Math.ScaleB(1, -60));
    });

    [Fact]
    public void Functions_WhatIsNotFinite_StaysSo()
    {
        foreach (var x in (ReadOnlySpan<double>)[0, -1, double.NaN, double.PositiveInfinity, 5e-324, -5e-324, 1e305])
            Assert.Equal(0u, WideDouble.GetBits(WideDouble.Log(WideDouble.Of(x)).IsFinite));
        foreach (var x in (ReadOnlySpan<double>)[double.NaN, double.PositiveInfinity, 710, 1e300, 800])
            Assert.Equal(0u, WideDouble.GetBits(WideDouble.Exp(Vector256.Create(x), Vector256<double>.Zero).IsFinite));
        var ends = WideDouble.ExpOfNegative(WideDouble.Of(Vector256.Create(0, double.NegativeInfinity, -1e300, -746)));
        Assert.Equal(Vector256.Create(1.0, 0, 0, 0), ends.Round());
        Assert.Equal(Vector256<double>.Zero, WideDouble.Pow(WideDouble.Zero, 0.5).Round());
        Assert.Equal(Vector256<double>.One, WideDouble.Pow(WideDouble.Zero, 0).Round());
    }
}
