using LossService.Core.Numerics;

namespace LossService.Core.Options;

/// <summary>
/// One option of a loss: its name, range, default and meaning. The JSON Schema, the validation, the OIP parameter and the
/// documentation all follow from it, so a loss that declares an option has done all there is to do.
/// </summary>
/// <param name="Name">The member's name on the wire.</param>
/// <param name="Form">What a value looks like.</param>
/// <param name="Description">One sentence: what it does, in which unit.</param>
public abstract record Option(string Name, OptionForm Form, string Description)
{
    /// <summary>The least value allowed.</summary>
    public double Minimum { get; init; } = double.NegativeInfinity;

    /// <summary>The largest value allowed.</summary>
    public double Maximum { get; init; } = double.PositiveInfinity;

    /// <summary>The least value above 0 that is allowed, where 0 is: smaller ones lose their digits, or those of a result.</summary>
    public double MinimumAboveZero { get; init; }

    /// <summary>Whether <see cref="Minimum"/> and <see cref="Maximum"/> themselves are refused.</summary>
    public bool Open { get; init; }

    /// <summary>
    /// The most numbers of a list of <see cref="OptionForm.Integers"/>, each of which is looked up for every sample. A list with one for
    /// each class has the length that its batch demands.
    /// </summary>
    public int MaxCount { get; init; } = int.MaxValue;

    /// <summary>The words allowed, for <see cref="OptionForm.Choice"/>.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>The word that turns off what a default turns on.</summary>
    public const string None = "none";

    /// <summary>Whether <see cref="None"/> may be given, to turn off what the default turns on.</summary>
    public bool TakesNone { get; init; }

    /// <summary>The form of predictions that the option needs: logits for <c>temperature</c>; null = any.</summary>
    public PredictionForm? OnlyWith { get; init; }

    /// <summary>The form of labels that the option needs: a teacher's logits for <c>label_temperature</c>; null = any.</summary>
    public TargetForm? OnlyWithLabels { get; init; }

    /// <summary>The value when the option is not posted; null = off.</summary>
    public abstract object? DefaultValue { get; }

    /// <summary>Whether a finite number lies in the range.</summary>
    public bool Allows(double value) => double.IsFinite(value)
        && (Open ? value > Minimum && value < Maximum : value >= Minimum && value <= Maximum)
        && !(value > 0 && value < MinimumAboveZero);

    /// <summary>The range in words: <c>a number from 0 to 1</c>.</summary>
    public string Range => Form == OptionForm.Flag ? "true or false" : Form == OptionForm.Choice
        ? string.Join(" or ", Choices.Select(choice => $"\"{choice}\""))
        : MinimumAboveZero > 0 ? $"0 or a number from {NumberText.Format(MinimumAboveZero)} to {NumberText.Format(Maximum)}"
        : (Form is OptionForm.Integer or OptionForm.Integers ? "an integer" : "a number")
            + (double.IsInfinity(Minimum), double.IsInfinity(Maximum), Open) switch
            {
                (true, true, _) => "",
                (false, true, true) => $" above {NumberText.Format(Minimum)}",
                (false, true, false) => $" of at least {NumberText.Format(Minimum)}",
                (_, false, true) => $" between {NumberText.Format(Minimum)} and {NumberText.Format(Maximum)}, both excluded",
                _ => $" from {NumberText.Format(Minimum)} to {NumberText.Format(Maximum)}",
            };

    /// <summary>What may be given, in words: <c>a number from 0 to 1, or a list with one for each class</c>.</summary>
    public string Accepts => Form switch
    {
        OptionForm.Integers => MaxCount < int.MaxValue ? $"{Range}, or a list of at most {MaxCount}" : $"{Range}, or a list of them",
        OptionForm.PerClass => $"a list with {Range} for each class",
        OptionForm.NumberOrPerClass => $"{Range}, or a list with one for each class",
        _ => Range,
    } + (TakesNone ? $", or \"{None}\"" : "");
}

/// <summary>An option whose values are of type <typeparamref name="T"/> to the formulas.</summary>
/// <typeparam name="T">
/// <see cref="double"/>, <see cref="int"/>, <see cref="bool"/>, <see cref="string"/>, <c>double[]</c> or <c>long[]</c>.
/// </typeparam>
public sealed record Option<T>(string Name, OptionForm Form, T Default, string Description) : Option(Name, Form, Description)
{
    /// <inheritdoc/>
    public override object? DefaultValue => Default;
}
