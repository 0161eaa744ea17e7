using LossService.Core.Options;

namespace LossService.Tests.Shared;

/// <summary>Values of an option, from what its declaration says: form, range, choices, whether none is allowed.</summary>
internal static class OptionGenerator
{
    /// <summary>
    /// Whether a valid batch may set the option. Its declaration says which predictions and labels it needs; that ignore_index needs
    /// labels with one number a sample is a rule between members, which no declaration has; nor has it how many classes are reported.
    /// </summary>
    public static bool GoesWith(Option option, Draft draft) =>
        (option.OnlyWith ?? draft.Form) == draft.Form
        && option.GoesWith(draft.Target)
        && (option.Name != "ignore_index" || draft.LabelForm == LabelForm.Indices
            || (draft.IsBinary && draft.LabelForm == LabelForm.Dense))
        && draft.Classes <= option.Name switch
        {
            "per_class" => 1000,
            "confusion_matrix" => 100,
            "class_wise_calibration" => 15,
            _ => int.MaxValue,
        };

    /// <summary>A value within the range, of the option's type.</summary>
    public static object? Draw(Option option, int classes, Random random)
    {
        if (option.TakesNone && random.Next(2) == 0) return null;
        return option.Form switch
        {
            OptionForm.Number => Number(),
            OptionForm.Flag => random.Next(2) == 0,
            // of any number of axes
            OptionForm.Integer when option.Name == "class_axis" => -1,
            OptionForm.Integer => Integer(20),
            // classes, where they are: a class to ignore, a number of classes
            OptionForm.Integers => Enumerable.Range(0, random.Next(1, 3)).Select(_ => (long)Integer(classes - 1)).Distinct().ToArray(),
            OptionForm.Choice => option.Choices[random.Next(option.Choices.Count)],
            OptionForm.NumberOrPerClass when random.Next(2) == 0 => new[] { Number() },
            OptionForm.PerClass or OptionForm.NumberOrPerClass => Enumerable.Range(0, classes).Select(_ => Number()).ToArray(),
            _ => throw new NotSupportedException($"no value is drawn for an option of the form {option.Form}"),
        };

        double Number()
        {
            var (min, max) = Bounds(option, 3);
            return min + (max - min) * (0.0625 + 0.875 * random.NextDouble());
        }

        int Integer(int length)
        {
            var (min, max) = Bounds(option, length);
            return random.Next((int)min, (int)max + 1);
        }
    }

    /// <summary>Values that the option's declaration forbids, each with what is wrong with it.</summary>
    public static IEnumerable<(string What, object Value)> Forbidden(Option option, int classes)
    {
        List<(string What, double Value)> numbers = [];
        if (!double.IsInfinity(option.Minimum))
            numbers.Add(("below its minimum", option.Open ? option.Minimum : Math.Min(option.Minimum - 1, 2 * option.Minimum)));
        if (!double.IsInfinity(option.Maximum))
            numbers.Add(("above its maximum", option.Open ? option.Maximum : Math.Max(option.Maximum + 1, 2 * option.Maximum)));
        if (option.MinimumAboveZero > 0) numbers.Add(("too near 0", option.MinimumAboveZero / 2));
        double[] nonFinite = [double.NaN, double.PositiveInfinity, double.NegativeInfinity];
        var isInteger = option.Form is OptionForm.Integer or OptionForm.Integers;
        if (!isInteger) numbers.AddRange(nonFinite.Select(value => ($"{value}", value)));
        var isPerClass = option.Form is OptionForm.PerClass or OptionForm.NumberOrPerClass;
        if (isPerClass)
        {
            yield return ("one class too many", Enumerable.Repeat(1.0, classes + 1).ToArray());
            yield return ("no class", Array.Empty<double>());
            if (classes > 2) yield return ("one class too few", Enumerable.Repeat(1.0, classes - 1).ToArray());
        }
        if (option.Form == OptionForm.Flag) yield break;
        if (option.Form == OptionForm.Choice) yield return ("no choice", "none of these");
        else
        {
            foreach (var (what, value) in numbers)
            {
                yield return (what, option.Form switch
                {
                    OptionForm.Integer => (int)value,
                    OptionForm.Integers => new[] { (long)value },
                    OptionForm.Number => value,
                    // the last of them, after good ones
                    _ => Enumerable.Repeat(1.0, classes - 1).Append(value).ToArray(),
                });
            }
        }
    }

    /// <summary>The range, cut where it has no end.</summary>
    private static (double Min, double Max) Bounds(Option option, double length)
    {
        // a range that goes far below 0 has its usual numbers about 0
        var min = double.IsInfinity(option.Minimum) ? 0 : Math.Max(option.Minimum, -length / 2);
        return (min, Math.Min(option.Maximum, min + length));
    }
}
