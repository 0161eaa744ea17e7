using System.Globalization;
using LossService.Core.Options;

namespace LossService.Tests.Shared.Hostile;

/// <summary>Values of members, as JSON: short ones of each kind, long lists, long texts, deep nesting.</summary>
internal static class HostileValue
{
    /// <summary>Elements that fit into no tensor, or only just.</summary>
    public static readonly string[] OddElements =
    [
        "null", "\"\"", "true", "\"NaN\"", "\"Infinity\"", "\"-Infinity\"", "[]", "{}", "[1]", "{\"a\":1}", "1e400", "-1e400", "1e-400",
        "-0", "9223372036854775808", "-1", "1.0", "0.5", "2147483648", "1e39", "\"cat\"", "\"0.5\"", "0x1", "01", "1.", "+1", "NaN",
        "\"\\u0000\"", "\"\\ud800\"", "0.1234567890123456789012345678901234567890",
    ];

    /// <summary>Any value.</summary>
    public static BodyText Any(Choices choices, int room)
    {
        var text = new BodyText(room);
        var count = choices.Size(room / 2);
        return choices.Below(8) switch
        {
            0 => text.Add(choices.Of<string>(OddElements)),
            1 => List(text, choices.Of<string>(OddElements), count),
            2 => text.Add("\"").Repeat(choices.Of("a", "\\u00e9", "é", "\\n", "\\/"), count).Add("\""),
            3 => text.Add("1").Repeat(choices.Of("1", "0"), count),
            4 => text.Add("0.").Repeat(choices.Of("1", "0", "9"), count).Add("1"),
            5 => Nest(text, "[", "]", choices.Near(64)),
            6 => Nest(text, "{\"a\":", "}", choices.Near(64)),
            _ => Fields(text, choices, count),
        };
    }

    /// <summary>A value of an option: within its range, at an end, beyond it, or a list as long as allowed, or longer.</summary>
    public static BodyText Of(Option option, int classes, Choices choices, int room)
    {
        var text = new BodyText(room);
        if (choices.OneIn(8)) return Any(choices, room);
        if (choices.OneIn(8)) return text.Add(choices.Of("null", "\"none\"", "\"NaN\""));
        var number = Number(option, choices);
        return option.Form switch
        {
            OptionForm.Flag => text.Add(choices.Of("true", "false", "0")),
            OptionForm.Choice => text.Add($"\"{option.Choices[choices.Below(option.Choices.Count)]}\""),
            OptionForm.PerClass => List(text, number, choices.OneIn(4) ? choices.Near(classes) : classes),
            OptionForm.NumberOrPerClass when choices.OneIn(2) => List(text, number, choices.OneIn(4) ? choices.Near(classes) : classes),
            OptionForm.Integers when choices.Below(4) is > 0 and var kind => kind == 1
                ? List(text, number, choices.Near(Math.Min(option.MaxCount, room)))
                : Distinct(text, choices.Near(Math.Min(option.MaxCount, room / 8)), kind - 1),
            _ => text.Add(number),
        };
    }

    /// <summary>A text of some length, which is near a limit or anything.</summary>
    public static string Name(Choices choices, int room) =>
        new(choices.Of('a', 'é', '/', '~', '%'), Math.Min(choices.OneIn(4) ? choices.Near(1024) : choices.Size(1 + room / 4), room / 2));

    private static string Number(Option option, Choices choices)
    {
        var (min, max) = (Math.Max(option.Minimum, -1e308), Math.Min(option.Maximum, 1e308));
        var value = choices.Below(8) switch
        {
            0 => Math.Clamp(1, min, max),
            1 => min,
            2 => max,
            3 => Math.Clamp(0.5, min, max),
            4 => option.MinimumAboveZero > 0 ? option.MinimumAboveZero : min + 1,
            5 => Math.BitDecrement(min),
            6 => Math.BitIncrement(max),
            _ => choices.Byte() - 100,
        };
        if (option.Form is OptionForm.Integer or OptionForm.Integers) value = Math.Round(Math.Clamp(value, -1e9, 1e9));
        return value.ToString("R", CultureInfo.InvariantCulture);
    }

    private static BodyText List(BodyText text, string element, int count) =>
        count <= 0 ? text.Add("[]") : text.Add("[").Repeat(element + ",", count - 1).Add(element).Add("]");

    private static BodyText Distinct(BodyText text, int count, int first)
    {
        text.Add("[").Add(first);
        for (var i = 1; i < count && text.Room > 0; i++) text.Add(",").Add(first + i);
        return text.Add("]");
    }

    private static BodyText Nest(BodyText text, string open, string close, int depth)
    {
        var most = Math.Min(depth, text.Room / (open.Length + close.Length));
        return text.Repeat(open, most).Add("1").Repeat(close, most);
    }

    private static BodyText Fields(BodyText text, Choices choices, int count)
    {
        text.Add("{");
        if (choices.OneIn(2)) text.Repeat("\"a\":1,", count);
        else
            for (var i = 0; i < count && text.Room > 0; i++) text.Add($"\"f{i}\":1,");
        return text.Add("\"b\":1}");
    }
}
