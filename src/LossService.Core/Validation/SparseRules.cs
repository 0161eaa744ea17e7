using System.Globalization;
using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Core.Validation;

/// <summary>
/// Sparse rows: each names k different classes, and their numbers are probabilities, or logarithms of these. They sum to 1, unless
/// <c>remainder</c> says what becomes of the rest.
/// </summary>
internal static class SparseRules
{
    /// <summary>Adds what is wrong with the sparse rows of kept samples to <paramref name="problems"/>.</summary>
    public static void Check(Batch batch, Tensor indices, Tensor values, RowReader rows, BatchProblems problems)
    {
        var count = values.Shape.Last;
        var (classes, places) = (new long[count], new int[count]);
        var row = new double[count];
        for (long i = 0; i < rows.Rows; i++)
        {
            if (!rows.Kept.Contains(i)) continue;
            rows.Count(count);
            var before = problems.Total;
            CheckIndices(indices, i, rows.Classes, classes, places, problems);
            values.Read(i * count, row);
            CheckValues(batch, values, i, row, problems);
            if (problems.Total == before) CheckSum(batch, values, i, row, rows.Classes, problems);
        }
    }

    private static void CheckIndices(Tensor indices, long row, int count, long[] classes, int[] places, BatchProblems problems)
    {
        var first = row * classes.Length;
        for (var i = 0; i < classes.Length; i++)
        {
            (classes[i], places[i]) = (indices.Integer(first + i), i);
            if ((ulong)classes[i] >= (ulong)count && problems.Count())
                problems.Keep(BatchField.LabelIndices, indices.Shape.Position(first + i),
                    $"class index {indices.Text(first + i)} is outside 0..{count - 1}"
                    + (classes[i] is -1 or -100 ? "; to fill a row up, name any other class with the probability 0" : ""));
        }
        Array.Sort(classes, places);
        for (var i = 1; i < classes.Length; i++)
            if (classes[i] == classes[i - 1] && problems.Count())
                problems.Keep(BatchField.LabelIndices, indices.Shape.Position(first + int.Max(places[i], places[i - 1])),
                    $"class {classes[i].ToString(CultureInfo.InvariantCulture)} is named twice in its row");
    }

    private static void CheckValues(Batch batch, Tensor values, long row, double[] posted, BatchProblems problems)
    {
        var areLogs = batch.LabelForm == TargetForm.LogValues;
        var normalizes = batch.NormalizesSparseRows;
        var (least, most) = areLogs
            ? (double.NegativeInfinity, normalizes ? double.MaxValue : 0)
            : (0, normalizes ? double.MaxValue : 1);
        for (var i = 0; i < posted.Length; i++)
        {
            if ((posted[i] >= least && posted[i] <= most) || !problems.Count()) continue;
            var expected = areLogs
                ? normalizes ? "a finite number or -Infinity" : "a number of at most 0"
                : normalizes ? "a number of at least 0" : "a number from 0 to 1";
            var element = row * posted.Length + i;
            problems.Keep(batch.LabelForm.Name(), values.Shape.Position(element), $"expected {expected}, got {values.Text(element)}");
        }
    }

    private static void CheckSum(Batch batch, Tensor values, long row, double[] posted, int classes, BatchProblems problems)
    {
        var areLogs = batch.LabelForm == TargetForm.LogValues;
        var sum = 0.0;
        foreach (var value in posted) sum += areLogs ? Math.Exp(value) : value;
        var tolerance = values.DType.SumTolerance();
        var remainder = batch.Options.Get(SharedOptions.Remainder);
        string? wrong = null;
        if (batch.NormalizesSparseRows)
        {
            var isAny = areLogs ? posted.Any(double.IsFinite) : sum > 0 && double.IsFinite(sum);
            if (!isAny) wrong = $"sums to {Format(sum)}, so it cannot be normalized";
        }
        else if (remainder == SharedOptions.RemainderUniform && posted.Length < classes)
        {
            if (sum > 1 + tolerance) wrong = $"must sum to at most 1 (+{NumberText.Format(tolerance)}), but sums to {Format(sum)}";
        }
        else if (!(Math.Abs(sum - 1) <= tolerance))
        {
            wrong = $"must sum to 1 (±{NumberText.Format(tolerance)}), but sums to {Format(sum)}; "
                + "remainder normalize divides rows by their sums, uniform gives the rest to the other classes";
        }
        if (wrong is null || !problems.Count()) return;
        problems.Keep(batch.LabelForm.Name(), values.Shape.Position(row * posted.Length)[..^1],
            $"a row of {(areLogs ? $"exp({batch.LabelForm.Name()})" : batch.LabelForm.Name())} {wrong}");

        string Format(double number) => NumberText.Format(number, values.DType == DType.Float64 ? "R" : "G7");
    }
}
