using System.Globalization;
using System.Text;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Tests.SameBits;

/// <summary>
/// A batch as the texts of its rows, so that rows can be taken apart and put in another order without a number being written
/// anew. Drawn from nothing but what a loss says of itself; the same seed draws the same batch on every machine.
/// </summary>
internal sealed record WrittenBatch
{
    public required Loss Loss { get; init; }

    public required PredictionForm Form { get; init; }

    /// <summary>A row's predictions, as JSON.</summary>
    public required string[] Predictions { get; init; }

    /// <summary>A row's label or labels; null for a loss without.</summary>
    public string[]? Labels { get; init; }

    /// <summary>A row's weight or weights.</summary>
    public required string[] Weights { get; init; }

    /// <summary>The other members, each behind a comma.</summary>
    public required string Rest { get; init; }

    public string Path => $"/v1/losses/{Loss.Name}";

    public string Body => Take(Enumerable.Range(0, Predictions.Length));

    /// <summary>The body of these rows alone, in this order.</summary>
    public string Take(IEnumerable<int> rows)
    {
        int[] taken = [.. rows];
        var labels = Labels is null ? "" : $",\"labels\":{Join(Labels)}";
        return $"{{\"{Form.Name()}\":{Join(Predictions)}{labels},\"sample_weight\":{Join(Weights)}{Rest}}}";

        string Join(string[] texts) => $"[{string.Join(",", taken.Select(row => texts[row]))}]";
    }

    /// <summary>Draws a batch.</summary>
    /// <param name="loss">Whose.</param>
    /// <param name="form">Of its predictions.</param>
    /// <param name="dtype">float32 or float64.</param>
    /// <param name="rows">How many.</param>
    /// <param name="classes">In each.</param>
    /// <param name="soft">Soft labels and every option of the loss; otherwise hard labels and none.</param>
    /// <param name="reduction">mean or sum.</param>
    public static WrittenBatch Draw(Loss loss, PredictionForm form, DType dtype, int rows, int classes, bool soft, string reduction)
    {
        var random = new Random(rows * 1000 + classes);
        var options = loss.Options.Where(option => soft && (option.OnlyWith ?? form) == form)
            // dense rows of classes have no index to ignore
            .Where(option => option.Name != "ignore_index" || loss.Kind == LossKind.Binary)
            .Select(option => $",\"{option.Name}\":{Value(option, classes)}");
        var describes = loss.Accepts.Contains(PredictionForm.Probabilities);
        string[] outputs =
        [
            "loss", "losses", "gradient", .. describes ? ["probabilities", "log_probabilities", "entropy", "predictions"] : Array.Empty<string>(),
            .. describes && loss.Labels != LabelRule.None ? ["metrics"] : Array.Empty<string>(),
        ];
        return new()
        {
            Loss = loss,
            Form = form,
            Predictions = [.. Rows(() => Row(form, loss.Kind, classes, random).Select(x => Text(x, dtype)))],
            Labels = loss.Labels == LabelRule.None ? null : [.. Enumerable.Range(0, rows).Select(_ => Label(loss, classes, soft, dtype, random))],
            Weights = loss.Kind == LossKind.Binary
                ? [.. Rows(() => Enumerable.Range(0, classes).Select(_ => Text(random.NextDouble() * 3, dtype)))]
                : [.. Enumerable.Range(0, rows).Select(_ => Text(random.NextDouble() * 3, dtype))],
            Rest = $",\"dtype\":\"{dtype.Name()}\",\"reduction\":\"{reduction}\",\"outputs\":[\"{string.Join("\",\"", outputs)}\"]{string.Concat(options)}",
        };

        IEnumerable<string> Rows(Func<IEnumerable<string>> draw) => Enumerable.Range(0, rows).Select(_ => $"[{string.Join(",", draw())}]");
    }

    private static double[] Row(PredictionForm form, LossKind kind, int classes, Random random)
    {
        // most rows are ordinary, some are sure of themselves
        var scale = random.Next(4) == 0 ? 40 : 4;
        double[] z = [.. Enumerable.Range(0, classes).Select(_ => scale * (2 * random.NextDouble() - 1))];
        if (form == PredictionForm.Logits) return z;
        if (kind == LossKind.Binary) return [.. z.Select(x => 1 / (1 + Math.Exp(-x)))];
        var sum = z.Sum(Math.Exp);
        return [.. z.Select(x => form == PredictionForm.Probabilities ? Math.Exp(x) / sum : Math.Min(x - Math.Log(sum), 0))];
    }

    private static string Label(Loss loss, int classes, bool soft, DType dtype, Random random)
    {
        if (loss.Kind == LossKind.Binary)
            return Joined(Enumerable.Range(0, classes).Select(_ => soft && loss.Labels == LabelRule.Probability ? random.NextDouble() : random.Next(2)));
        var label = random.Next(classes);
        if (!soft) return Text(label, dtype);
        if (loss.Labels == LabelRule.Class) return Joined(Enumerable.Range(0, classes).Select(c => c == label ? 1.0 : 0));
        double[] share = [.. Enumerable.Range(0, classes).Select(_ => random.NextDouble() + 0.01)];
        return Joined(share.Select(x => x / share.Sum()));

        string Joined(IEnumerable<double> values) => $"[{string.Join(",", values.Select(x => Text(x, dtype)))}]";
    }

    /// <summary>A value of an option that changes something, from what the option says of itself.</summary>
    private static string Value(Option option, int classes)
    {
        var number = (double.IsInfinity(option.Maximum) ? Math.Max(option.Minimum, 0) + 0.7 : option.Minimum + 0.3 * (option.Maximum - option.Minimum))
            .ToString("R", CultureInfo.InvariantCulture);
        return option.Form switch
        {
            OptionForm.Choice => $"\"{option.Choices[^1]}\"",
            OptionForm.Integer => $"{(double.IsInfinity(option.Maximum) ? option.Minimum + 1 : Math.Min(option.Maximum, 10)):0}",
            OptionForm.Integers => "1",
            OptionForm.PerClass => new StringBuilder("[").AppendJoin(',', Enumerable.Range(1, classes).Select(c => $"{c % 7}.5")).Append(']').ToString(),
            _ => number,
        };
    }

    private static string Text(double x, DType dtype) => dtype == DType.Float32
        ? ((float)x).ToString("R", CultureInfo.InvariantCulture) : x.ToString("R", CultureInfo.InvariantCulture);
}
