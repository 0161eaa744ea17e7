using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Tensors;

namespace LossService.Core.Validation;

/// <summary>Class indices in range; rows that are distributions, one-hot, of 0 and 1, or finite; binary labels alike.</summary>
internal static class LabelRules
{
    private const string NormalizeHint = "normalize divides rows by their sums";

    /// <summary>Adds what is wrong with the labels of kept samples to <paramref name="problems"/>.</summary>
    public static void Check(LabelRule rule, Tensor labels, RowReader rows, BatchProblems problems)
    {
        if (rows.HasIndices) CheckIndices(labels, rows, problems);
        else if (rows.HasClasses) CheckRows(rule, labels, rows, problems);
        else CheckElements(rule, labels, rows, problems);
    }

    private static void CheckIndices(Tensor labels, RowReader rows, BatchProblems problems)
    {
        var countsFrom1 = (bool?)null;
        for (long i = 0; i < labels.Count; i++)
        {
            rows.Count(1);
            if ((ulong)labels.Integer(i) < (ulong)rows.Classes || !rows.Kept.Contains(i)) continue;
            if (problems.Count())
                problems.Keep(BatchField.Labels, labels.Shape.Position(i),
                    $"class index {labels.Text(i)} is outside 0..{rows.Classes - 1}"
                    + HintIndex(labels.Integer(i), rows.Classes, countsFrom1 ??= CountFrom1(labels, rows)));
        }
    }

    private static string HintIndex(long index, int classes, bool countsFrom1) =>
        index is -100 or -1 or 255 ? "; ignore_index leaves samples with such a label out"
            : index == classes && countsFrom1 ? "; class indices start at 0, and these seem to start at 1" : "";

    /// <summary>Whether labels are from 1 to K.</summary>
    private static bool CountFrom1(Tensor labels, RowReader rows)
    {
        for (long i = 0; i < labels.Count; i++)
            if (rows.Kept.Contains(i) && (labels.Integer(i) < 1 || labels.Integer(i) > rows.Classes)) return false;
        return true;
    }

    private static void CheckRows(LabelRule rule, Tensor labels, RowReader rows, BatchProblems problems)
    {
        for (long i = 0; i < rows.Rows; i++)
        {
            if (!rows.Kept.Contains(i)) continue;
            var row = rows.Read(labels, i);
            if (rule is LabelRule.Classes or LabelRule.Relevance)
            {
                if (rule == LabelRule.Classes) CheckBits(labels, i, row, rows, problems);
                else CheckFinite(labels, i, row, rows, problems);
                continue;
            }
            var before = problems.Total;
            var most = rows.Normalizes ? double.MaxValue : 1;
            var isWithin = RangeScan.AreWithin(row, 0, most);
            for (var c = 0; c < row.Length && !isWithin; c++)
                if (!(row[c] >= 0 && row[c] <= most)) RefuseProbability(labels, rows.GetElement(i, c), rows, problems);
            if (problems.Total > before) continue;
            if (rule == LabelRule.Probability) continue;
            if (rule != LabelRule.Class)
                SumRule.Check(row, labels.DType, BatchField.Labels, "dense labels", rows.Normalizes, NormalizeHint, i, rows, problems);
            else if ((row.Count(1.0) != 1 || row.Count(0.0) != row.Length - 1) && problems.Count())
                problems.Keep(BatchField.Labels, rows.GetPosition(i),
                    $"expected one true class: a class index, or a row{rows.DescribeAxis()} with one 1 and 0 elsewhere");
        }
    }

    private static void CheckBits(Tensor labels, long index, Span<double> row, RowReader rows, BatchProblems problems)
    {
        if (RangeScan.AreBits(row)) return;
        for (var c = 0; c < row.Length; c++)
        {
            if (row[c] is 0 or 1 || !problems.Count()) continue;
            var element = rows.GetElement(index, c);
            problems.Keep(BatchField.Labels, labels.Shape.Position(element), $"expected 0 or 1, got {labels.Text(element)}"
                + (row[c] == -1 ? "; a list of true classes that is filled up with -1 is sent as a row with a 1 for each of them" : ""));
        }
    }

    private static void CheckFinite(Tensor labels, long index, Span<double> row, RowReader rows, BatchProblems problems)
    {
        if (RangeScan.AreWithin(row, -double.MaxValue, double.MaxValue)) return;
        for (var c = 0; c < row.Length; c++)
        {
            if (double.IsFinite(row[c]) || !problems.Count()) continue;
            var element = rows.GetElement(index, c);
            problems.Keep(BatchField.Labels, labels.Shape.Position(element),
                $"expected a finite number, got {labels.Text(element)}; the logit -Infinity and the lowest relevance leave an item out");
        }
    }

    private static void CheckElements(LabelRule rule, Tensor labels, RowReader rows, BatchProblems problems)
    {
        for (long i = 0; i < rows.Rows; i++)
        {
            var row = rows.Read(labels, i);
            if (rule == LabelRule.Bit ? RangeScan.AreBits(row) : RangeScan.AreWithin(row, 0, 1)) continue;
            for (var c = 0; c < row.Length; c++)
            {
                if (rule == LabelRule.Bit ? row[c] is 0 or 1 : row[c] is >= 0 and <= 1) continue;
                var element = rows.GetElement(i, c);
                if (!rows.Kept.Contains(element)) continue;
                if (rule != LabelRule.Bit) RefuseProbability(labels, element, rows, problems);
                else if (problems.Count())
                    problems.Keep(BatchField.Labels, labels.Shape.Position(element),
                        $"expected 0 or 1, got {labels.Text(element)}{HintSign(labels, element)}");
            }
        }
    }

    private static void RefuseProbability(Tensor labels, long element, RowReader rows, BatchProblems problems)
    {
        if (problems.Count())
            problems.Keep(BatchField.Labels, labels.Shape.Position(element),
                $"expected {(rows.Normalizes ? "a number of at least 0" : "a number from 0 to 1")}, got {labels.Text(element)}"
                + (rows.HasClasses ? "" : HintSign(labels, element)));
    }

    private static string HintSign(Tensor labels, long element)
    {
        Span<double> label = [0];
        labels.Read(element, label);
        return label[0] == -1 ? "; for labels t of -1 and 1, send (t + 1)/2" : "";
    }
}
