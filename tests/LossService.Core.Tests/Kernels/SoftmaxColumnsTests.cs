using CsCheck;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Kernels;

/// <summary>Rows that are scored four at a time, beside the same rows one by one.</summary>
public class SoftmaxColumnsTests
{
    private const int Added = 60;

    /// <summary>Logits of every size: rows with these need each of the ways there are.</summary>
    private static readonly BatchSpace Space = new()
    {
        Forms = [PredictionForm.Logits],
        LabelForms = [LabelForm.Indices],
        Rows = (1, 80),
        Classes = (1, 40),
        Scales = [30],
        SpecialChance = 1.0 / 6,
        Reductions = [Reduction.Sum],
        OptionChance = 0,
        MaskChance = 0,
    };

    private static readonly Gen<Draft> Batches =
        BatchGenerator.Batches("cross_entropy", Space).Select(draft => draft with { Unit = Unit.Nats });

    [Fact]
    public void Score_RowsInCompany_SameBitsAsAlone() => Batches.Sample(
        draft =>
        {
            var together = draft.Score();
            for (var row = 0; row < draft.Rows; row++)
            {
                var alone = draft.Take(row).Score();
                Assert.Equal(Bits(alone.Losses), Bits(draft.Pick(together.Losses, row)!));
                Assert.Equal(Bits(alone.Gradient), Bits(draft.Pick(together.Gradient, row)!));
            }
        },
        iter: 200);

    /// <remarks>A class that is never true and never likely changes neither loss nor derivatives, whatever the row's length.</remarks>
    [Fact]
    public void Score_RowsLengthenedByImpossibleClasses_TheSameToAFewUlps() => Batches.Sample(
        draft =>
        {
            draft = draft with { DType = DType.Float64, SampleWeight = null };
            var longer = draft with
            {
                Classes = draft.Classes + Added,
                Predictions =
                [
                    .. draft.Predictions.Chunk(draft.Classes)
                        .SelectMany(row => row.Concat(Enumerable.Repeat(double.NegativeInfinity, Added))),
                ],
            };
            var (plain, lengthened) = (draft.Score(), longer.Score());
            for (var row = 0; row < draft.Rows; row++)
            {
                AssertNear(lengthened.Losses[row], plain.Losses[row]);
                for (var c = 0; c < draft.Classes; c++)
                    AssertNear(lengthened.Gradient[row * longer.Classes + c], plain.Gradient[row * draft.Classes + c]);
            }
        },
        iter: 200);

    private static void AssertNear(double expected, double actual)
    {
        if (expected == actual || (double.IsNaN(expected) && double.IsNaN(actual))) return;
        // sums in another order, each within 4 ulp of the truth; subnormal numbers have fewer digits
        var ulp = Math.BitIncrement(Math.Abs(expected)) - Math.Abs(expected);
        Assert.InRange(Math.Abs(actual - expected), 0, 8 * Math.Max(ulp, 1e-300));
    }

    private static long[] Bits(double[] values) => Array.ConvertAll(values, BitConverter.DoubleToInt64Bits);
}
