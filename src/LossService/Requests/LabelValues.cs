using LossService.Core.Losses;
using LossService.Core.Tensors;

namespace LossService.Requests;

/// <summary>Class indices in range; dense rows that are distributions, or one-hot; binary labels in [0, 1], or 0 and 1.</summary>
internal static class LabelValues
{
    public static void Check(ScoreRequest request, RowReader rows, Tensor labels, RequestErrors findings)
    {
        if (rows.HasIndices) CheckIndices(rows, labels, findings);
        else if (rows.IsCategorical) CheckRows(request.Loss.Labels, rows, labels, findings);
        else CheckElements(request.Loss.Labels, rows, labels, findings);
    }

    private static void CheckIndices(RowReader rows, Tensor labels, RequestErrors findings)
    {
        var classes = rows.Predictions.Shape.Last;
        for (long i = 0; i < labels.Count; i++)
        {
            var label = labels.Integer(i);
            if ((ulong)label < (ulong)classes || !rows.IsKept(i)) continue;
            RefuseIndex(label, classes, At(labels, i), findings);
        }
    }

    // what a lambda captures is made where it is declared: inside the loop, for every good label, too
    private static void RefuseIndex(long label, int classes, Address address, RequestErrors findings) =>
        findings.Add(address, () => $"class index {label} is outside 0..{classes - 1}");

    private static void CheckRows(LabelRule rule, RowReader rows, Tensor labels, RequestErrors findings)
    {
        var tolerance = labels.DType.SumTolerance();
        for (long i = 0; i < rows.Count; i++)
        {
            if (!rows.IsKept(i)) continue;
            var row = rows.Read(labels, i);
            var before = findings.Total;
            for (var c = 0; c < row.Length; c++)
                if (!(row[c] is >= 0 and <= 1)) RefuseProbability(row[c], At(labels, i * rows.Width + c), findings);
            if (findings.Total > before) continue;
            if (rule != LabelRule.Class) PredictionValues.CheckSum(row, tolerance, rows, i, Fields.Labels, "dense labels", findings);
            else if (row.Count(1.0) != 1 || row.Count(0.0) != row.Length - 1)
                findings.Add(rows.AddressOf(Fields.Labels, i), "a margin needs one true class: a class index, or a row with a single 1 and 0 elsewhere");
        }
    }

    private static void CheckElements(LabelRule rule, RowReader rows, Tensor labels, RequestErrors findings)
    {
        for (long i = 0; i < rows.Count; i++)
        {
            var row = rows.Read(labels, i);
            for (var c = 0; c < row.Length; c++)
            {
                var label = row[c];
                if (rule == LabelRule.Bit ? label is 0 or 1 : label is >= 0 and <= 1) continue;
                var element = i * rows.Width + c;
                if (!rows.IsKept(element)) continue;
                if (rule == LabelRule.Bit) RefuseBit(label, At(labels, element), findings);
                else RefuseProbability(label, At(labels, element), findings);
            }
        }
    }

    private static void RefuseBit(double label, Address address, RequestErrors findings) =>
        findings.Add(address, () => $"a label is 0 or 1 here, not {PredictionValues.Text(label)}");

    private static void RefuseProbability(double label, Address address, RequestErrors findings) =>
        findings.Add(address, () => $"a label is a number from 0 to 1, not {PredictionValues.Text(label)}");

    private static Address At(Tensor labels, long element) => new(Fields.Labels, labels.Shape.Position(element));
}
