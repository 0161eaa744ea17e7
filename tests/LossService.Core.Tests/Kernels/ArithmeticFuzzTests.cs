using System.Diagnostics;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Kernels;

/// <summary>
/// Every categorical and every overlap loss under every option in the fast arithmetics, beside the same rows in double-double: a float32
/// element is the same or a neighbour, and a sum within 4 ulp; a float64 element is within 8 ulp, and a sum within 4.
/// </summary>
public sealed class ArithmeticFuzzTests(ITestOutputHelper output)
{
    private const int RowsOfBatch = 32;

    private static readonly BatchSpace Space = new()
    {
        Forms = [PredictionForm.Logits],
        DTypes = [DType.Float32],
        Classes = (2, 40),
        MaskChance = 0,
    };

    private static readonly BatchSpace Wide = Space with { DTypes = [DType.Float64] };

    [Theory]
    [MemberData(nameof(LossTheories.Categorical), MemberType = typeof(LossTheories))]
    [MemberData(nameof(LossTheories.Overlap), MemberType = typeof(LossTheories))]
    public void Score_HardRows_AgreesWithDoubleDouble(string loss) => Compare(loss, rows: 20_000, seed: 1);

    [Theory]
    [MemberData(nameof(LossTheories.TaughtCategorical), MemberType = typeof(LossTheories))]
    public void Score_HardRowsOfATeacher_AgreesWithDoubleDouble(string loss) =>
        Compare(loss, rows: 20_000, seed: 3, Space with { LabelForms = [LabelForm.Logits] });

    /// <summary>Rows so long that the kernel finds the divergence from a teacher's logits itself, where sums would cancel.</summary>
    [Fact]
    public void Score_LongHardRowsOfATeacher_AgreesWithDoubleDouble() =>
        Compare("kl_divergence", rows: 20_000, seed: 4, Space with { LabelForms = [LabelForm.Logits], Classes = (33, 70) });

    /// <summary>Rows longer than a run of a sum, and than the kernel scores side by side.</summary>
    [Theory]
    [InlineData("kl_divergence", 33, 300)]
    [InlineData("ranked_probability_score", 33, 300)]
    [InlineData("ranked_probability_score", 2000, 3000)]
    public void Score_LongHardRows_AgreesWithDoubleDouble(string loss, int least, int most) =>
        Compare(loss, rows: 2_000_000 / most, seed: 5, Space with { Classes = (least, most) });

    /// <summary>A bias of any size, or one that all but cancels the logits.</summary>
    [Theory]
    [InlineData("cross_entropy", 2, 32)]
    [InlineData("cross_entropy", 33, 300)]
    [InlineData("focal", 2, 32)]
    [InlineData("focal", 33, 300)]
    [InlineData("generalized_cross_entropy", 2, 70)]
    [InlineData("poly_cross_entropy", 2, 70)]
    [InlineData("symmetric_cross_entropy", 2, 70)]
    [InlineData("brier", 2, 70)]
    [InlineData("kl_divergence", 2, 70)]
    public void Score_HardRowsWithBias_AgreesWithDoubleDouble(string loss, int least, int most) => Compare(
        loss, long.Parse(Environment.GetEnvironmentVariable("ROWS") ?? "2000000") / most, seed: 10, Space with { Classes = (least, most) },
        HardRows.AddBias);

    /// <summary>Ten million rows of each loss, or as many as ROWS says.</summary>
    [Theory(Explicit = true)]
    [MemberData(nameof(LossTheories.Categorical), MemberType = typeof(LossTheories))]
    [MemberData(nameof(LossTheories.Overlap), MemberType = typeof(LossTheories))]
    public void Score_TenMillionHardRows_AgreesWithDoubleDouble(string loss) =>
        Compare(loss, rows: long.Parse(Environment.GetEnvironmentVariable("ROWS") ?? "10000000"), seed: 2);

    [Theory]
    [MemberData(nameof(LossTheories.Categorical), MemberType = typeof(LossTheories))]
    public void Score_HardRowsOfFloat64_AgreesWithDoubleDouble(string loss) => CompareFloat64(loss, rows: 8_000, seed: 6, Wide);

    [Theory]
    [MemberData(nameof(LossTheories.TaughtCategorical), MemberType = typeof(LossTheories))]
    public void Score_HardRowsOfFloat64OfATeacher_AgreesWithDoubleDouble(string loss) =>
        CompareFloat64(loss, rows: 8_000, seed: 7, Wide with { LabelForms = [LabelForm.Logits] });

    [Theory]
    [InlineData("js_divergence", 33, 300)]
    [InlineData("ranked_probability_score", 33, 300)]
    [InlineData("ranked_probability_score", 2000, 3000)]
    public void Score_LongHardRowsOfFloat64_AgreesWithDoubleDouble(string loss, int least, int most) =>
        CompareFloat64(loss, rows: 500_000 / most, seed: 9, Wide with { Classes = (least, most) });

    /// <summary>A million rows of each loss, or as many as ROWS says.</summary>
    [Theory(Explicit = true)]
    [MemberData(nameof(LossTheories.Categorical), MemberType = typeof(LossTheories))]
    public void Score_AMillionHardRowsOfFloat64_AgreesWithDoubleDouble(string loss) =>
        CompareFloat64(loss, rows: long.Parse(Environment.GetEnvironmentVariable("ROWS") ?? "1000000"), seed: 8, Wide);

    /// <summary>Divided by their sum, the first label is 1 − 2e-14: rounded to double, its logarithm would keep two digits.</summary>
    [Fact]
    public void Score_NormalizedLabelNearOne_KeepsItsDigits() => Assert.All(
        LossCatalogue.All.Where(loss => loss.Kind == LossKind.Categorical && loss.Labels == LabelRule.Distribution),
        loss =>
        {
            const int Count = 32;
            var draft = new Draft
            {
                Loss = loss,
                DType = DType.Float32,
                Classes = 2,
                Rows = Count,
                Predictions = [.. Enumerable.Repeat(new double[] { 29.34899f, -2.316042f }, Count).SelectMany(row => row)],
                Labels = [.. Enumerable.Range(0, Count).SelectMany(row => new double[] { 0.9341223f - (0.01f * row), 1.7506931e-14f })],
            }.With(SharedOptions.Normalize, true).With(SharedOptions.Temperature, 1.2);
            var (fast, exact) = (draft.Score(), (draft with { IsExact = true }).Score());
            Assert.All(exact.Elements.Zip(fast.Elements), pair => Assert.InRange(
                pair.Second, MathF.BitDecrement((float)pair.First), MathF.BitIncrement((float)pair.First)));
        });

    /// <summary>logsumexp is near 0, a difference of the largest logit and a logarithm: the kernel's double would lose four bits.</summary>
    [Fact]
    public void Score_SquaredLogSumExpNearZeroOfFloat64_KeepsItsDigits()
    {
        const int Count = 64, Classes = 37;
        var draft = new Draft
        {
            Loss = LossCatalogue.Find("cross_entropy")!,
            DType = DType.Float64,
            Classes = Classes,
            Rows = Count,
            Predictions = [.. Enumerable.Range(0, Count * Classes).Select(i => -3.3 - (0.009 * (i / Classes)) - (1e-7 * (i * i % 5)))],
            LabelForm = LabelForm.Indices,
            Labels = [.. Enumerable.Range(0, Count).Select(row => (double)(row % Classes))],
        }.With(LossCatalogue.Find("cross_entropy")!.GetOption<double>("z_loss"), 2.5);
        var (fast, exact) = (draft.Score(), (draft with { IsExact = true }).Score());
        Assert.All(exact.Elements.Zip(fast.Elements), pair => Assert.InRange(CountBetween(pair.First, pair.Second), 0, 8));
    }

    private void Compare(string name, long rows, int seed, BatchSpace? of = null, Func<Draft, Random, Draft>? change = null)
    {
        var from = of ?? Space;
        var loss = LossCatalogue.Find(name)!;
        var (random, clock) = (new Random(seed), Stopwatch.StartNew());
        var (scored, elements, neighbours, wrong, worst) = (0L, 0L, 0L, 0L, 0.0);
        var example = "";
        while (scored < rows)
        {
            // a batch of one row shows the error of its loss, a sum hides it
            var space = from.OfSize(random.Next(8) == 0 ? 1 : RowsOfBatch, random.Next(from.Classes.Min, from.Classes.Max + 1));
            var draft = HardRows.Harden(BatchGenerator.Draw(loss, space, random.Next()), random);
            if (change is not null) draft = change(draft, random);
            var (fast, exact) = (draft.Score(), (draft with { IsExact = true }).Score());
            scored += draft.Rows;
            foreach (var (expected, actual) in exact.Elements.Zip(fast.Elements))
            {
                elements++;
                if (expected.Equals(actual) || expected == actual) continue;
                if (actual == MathF.BitIncrement((float)expected) || actual == MathF.BitDecrement((float)expected)) neighbours++;
                else if (wrong++ == 0) example = $"{expected:R}, but {actual:R}: {draft}";
            }
            var (sum, size) = (exact.Totals.Loss, exact.Losses.Sum(Math.Abs));
            if (!double.IsFinite(sum)) Assert.Equal(sum, fast.Totals.Loss);
            // below, a loss of float32 is subnormal and says nothing of its size
            else if (size > 1e-30 && Error(sum, fast.Totals.Loss, size) is var error && error > worst)
            {
                worst = error;
                if (worst > 4 && example == "") example = $"a loss of {sum:R}, but {fast.Totals.Loss:R}: {draft}";
            }
        }
        output.WriteLine(FormattableString.Invariant(
            $"{name}: {scored} rows, {elements} elements, {neighbours} neighbours, {wrong} wrong, ")
            + FormattableString.Invariant($"sums within {worst:F2} ulp, {clock.Elapsed.TotalSeconds:F0} s"));
        Assert.True(wrong == 0 && worst <= 4, $"{wrong} of {elements} elements are wrong, and sums within {worst:F2} ulp; {example}");
    }

    private void CompareFloat64(string name, long rows, int seed, BatchSpace from)
    {
        var loss = LossCatalogue.Find(name)!;
        var (random, clock) = (new Random(seed), Stopwatch.StartNew());
        var (scored, elements, worst, worstSum, example) = (0L, 0L, 0L, 0.0, "");
        var isDivergence = loss.Name is "kl_divergence" or "js_divergence";
        while (scored < rows)
        {
            var space = from.OfSize(random.Next(8) == 0 ? 1 : RowsOfBatch, random.Next(from.Classes.Min, from.Classes.Max + 1));
            var draft = HardRows.Harden(BatchGenerator.Draw(loss, space, random.Next()), random);
            var (fast, exact) = (draft.Score(), (draft with { IsExact = true }).Score());
            scored += draft.Rows;
            var losses = elements + exact.Losses.Length;
            foreach (var (expected, actual) in exact.Elements.Zip(fast.Elements))
            {
                // exact to an absolute error of about 5e-32, where labels agree with predictions
                if (elements++ < losses && isDivergence && Math.Abs(expected - actual) < 5e-32) continue;
                var distance = CountBetween(expected, actual);
                if (distance > worst) (worst, example) = (distance, $"{expected:R}, but {actual:R}: {draft}");
            }
            var (sum, size) = (exact.Totals.Loss, exact.Losses.Sum(Math.Abs));
            if (!double.IsFinite(sum)) Assert.Equal(sum, fast.Totals.Loss);
            else if (size > 1e-300 && Error(sum, fast.Totals.Loss, size) is var error && error > worstSum) worstSum = error;
        }
        output.WriteLine(FormattableString.Invariant(
            $"{name}: {scored} rows, {elements} elements within {worst} ulp, ")
            + FormattableString.Invariant($"sums within {worstSum:F2}, {clock.Elapsed.TotalSeconds:F0} s"));
        Assert.True(worst <= 8 && worstSum <= 4, $"an element is {worst} ulp off, a sum {worstSum:F2}; {example}");
    }

    /// <summary>How many doubles away one number is from another.</summary>
    private static long CountBetween(double a, double b)
    {
        if (a.Equals(b) || a == b) return 0;
        if (!double.IsFinite(a) || !double.IsFinite(b)) return long.MaxValue;
        return Math.Abs(Order(a) - Order(b));

        static long Order(double x) =>
            double.IsNegative(x) ? -BitConverter.DoubleToInt64Bits(-x) : BitConverter.DoubleToInt64Bits(x);
    }

    /// <summary>The error of a sum in ulp of the sum of the magnitudes.</summary>
    private static double Error(double expected, double actual, double size) =>
        Math.Abs(actual - expected) / (Math.BitIncrement(size) - size);
}
