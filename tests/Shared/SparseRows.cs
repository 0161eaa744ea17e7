using LossService.Core.Options;

namespace LossService.Tests.Shared;

/// <summary>Random sparse rows, and what they are as dense ones.</summary>
internal static class SparseRows
{
    /// <summary>The draft with sparse rows of 1 to K classes, and with a rule for what they leave.</summary>
    public static Draft Draw(Draft draft, Random random)
    {
        var count = random.Next(1, draft.Classes + 1);
        var remainder = SharedOptions.Remainder.Choices[random.Next(3)];
        List<double> indices = [], values = [];
        for (var row = 0; row < draft.Rows; row++)
        {
            var classes = Enumerable.Range(0, draft.Classes).ToArray();
            random.Shuffle(classes);
            indices.AddRange(classes.Take(count).Select(c => (double)c));
            // some named classes are not in it at all
            var share = Enumerable.Range(0, count).Select(_ => random.Next(4) == 0 ? 0 : random.NextDouble()).ToArray();
            share[random.Next(count)] += 1;
            var leaves = remainder == "uniform" && count < draft.Classes;
            var sum = remainder == "normalize" ? 1 : share.Sum() * (leaves ? 1 + random.NextDouble() : 1);
            // a rounding must not make a probability larger than 1
            values.AddRange(share.Select(x => draft.LabelForm == LabelForm.Values ? x / sum
                : remainder == "normalize" ? 20 * Math.Log(x) : Math.Min(Math.Log(x / sum), 0)));
        }
        draft = draft with { Labels = [.. values], LabelIndices = [.. indices] };
        return remainder == SharedOptions.Remainder.Default && random.Next(2) == 0 ? draft : draft.With(SharedOptions.Remainder, remainder);
    }

    /// <summary>The same labels as dense rows.</summary>
    public static Draft ToDense(Draft draft)
    {
        var remainder = (string)(draft.ValueOf("remainder") ?? "error");
        var count = draft.Labels!.Length / draft.Rows;
        var normalizes = remainder == "normalize" || (remainder == "error" && draft.ValueOf("normalize") is true);
        var dense = new double[draft.Rows * draft.Classes];
        for (var row = 0; row < draft.Rows; row++)
        {
            var posted = draft.Labels.AsSpan(row * count, count).ToArray();
            var largest = normalizes ? posted.Max() : 0;
            var p = draft.LabelForm == LabelForm.Values ? posted : [.. posted.Select(l => Math.Exp(l - largest))];
            var sum = p.Sum();
            var target = dense.AsSpan(row * draft.Classes, draft.Classes);
            if (remainder == "uniform" && count < draft.Classes) target.Fill(Math.Max(0, 1 - sum) / (draft.Classes - count));
            for (var i = 0; i < count; i++) target[(int)draft.LabelIndices![row * count + i]] = normalizes ? p[i] / sum : p[i];
        }
        return draft.Without("remainder") with { LabelForm = LabelForm.Dense, Labels = dense, LabelIndices = null };
    }
}
