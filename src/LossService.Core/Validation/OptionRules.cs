using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Validation;

/// <summary>The value of an option against the range that the option declares.</summary>
internal static class OptionRules
{
    /// <summary>Adds what is wrong with a value to <paramref name="problems"/>.</summary>
    public static void Check(OptionValue given, BatchProblems problems)
    {
        var option = given.Option;
        switch (given)
        {
            case OptionValue<double> { Value: var value }: CheckOne(option, value, problems); break;
            case OptionValue<double?> { Value: { } value }: CheckOne(option, value, problems); break;
            case OptionValue<double?>: CheckNone(option, option.TakesNone, problems); break;
            case OptionValue<int> { Value: var value }: CheckOne(option, value, problems); break;
            case OptionValue<string> { Value: var word }:
                CheckNone(option, word is not null && option.Choices.Contains(word), problems);
                break;
            case OptionValue<double[]?> { Value: { } values }: CheckEach(option, values, problems); break;
            case OptionValue<long[]?> { Value: { } values }:
                if (values.Length > option.MaxCount)
                    problems.Add(option.Name, $"expected at most {option.MaxCount} numbers, got {values.Length}");
                else CheckEach(option, Array.ConvertAll(values, value => (double)value), problems);
                break;
        }
    }

    private static void CheckOne(Option option, double value, BatchProblems problems)
    {
        if (!option.Allows(value)) Refuse(option, [], value, problems);
    }

    private static void CheckNone(Option option, bool isAllowed, BatchProblems problems)
    {
        if (!isAllowed) problems.Add(option.Name, $"expected {option.Accepts}");
    }

    private static void CheckEach(Option option, double[] values, BatchProblems problems)
    {
        for (var i = 0; i < values.Length; i++)
            if (!option.Allows(values[i])) Refuse(option, values.Length == 1 ? [] : [i], values[i], problems);
    }

    private static void Refuse(Option option, int[] position, double value, BatchProblems problems)
    {
        if (problems.Count()) problems.Keep(option.Name, position, $"expected {option.Range}, got {NumberText.Format(value)}");
    }
}
